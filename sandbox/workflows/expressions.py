"""Expressions of Google Workflows, `${…}`: a grammar, and what they come to.

Operators and their order are those of Workflows' reference, "Data types, functions, operators" (read 2026-11). Text
with an expression inside, lists and maps written out in an expression, and calls of subworkflows are refused: the
platform's sources do without.
"""

import ast
import functools
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lark import Lark, LarkError, Token, Tree

from sandbox.workflows.errors import RaisedError, SourceError

MAXIMUM_LENGTH = 400
"""Characters of an expression (Workflows, "Quotas and limits", read 2026-11)."""

_GRAMMAR = r"""
?start: disjunction
?disjunction: conjunction (_OR conjunction)*
?conjunction: negation (_AND negation)*
?negation: _NOT negation -> no
         | comparison
?comparison: sum
           | sum COMPARISON sum -> compared
           | sum _IN sum -> within
           | sum _NOT _IN sum -> without
?sum: product (ADDITION product)*
?product: unary (MULTIPLICATION unary)*
?unary: "-" unary -> minus
      | postfix
?postfix: postfix "." NAME -> member
        | postfix "[" disjunction "]" -> item
        | postfix "(" [disjunction ("," disjunction)*] ")" -> call
        | "(" disjunction ")"
        | NAME -> variable
        | INTEGER -> integer
        | DOUBLE -> double
        | TEXT -> text
        | CONSTANT -> constant
_OR.2: /(or|OR)\b/
_AND.2: /(and|AND)\b/
_NOT.2: /(not|NOT)\b/
_IN.2: /in\b/
CONSTANT.2: /(true|True|TRUE|false|False|FALSE|null)\b/
COMPARISON: "==" | "!=" | "<=" | ">=" | "<" | ">"
ADDITION: "+" | "-"
MULTIPLICATION: "*" | "//" | "/" | "%"
DOUBLE.2: /\d+\.\d+/
INTEGER: /\d+/
TEXT: /"([^"\\]|\\.)*"/ | /'([^'\\]|\\.)*'/
NAME: /[A-Za-z_][A-Za-z0-9_]*/
%ignore /\s+/
"""
_PARSER = Lark(_GRAMMAR, parser="lalr", maybe_placeholders=False)
_CONSTANTS = {"true": True, "false": False, "null": None}
_ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_Tree = Tree[Token]


@dataclass(frozen=True)
class Names:
    """What names in an expression mean: variables by name, and functions by their dotted name."""

    variables: Mapping[str, Any]
    functions: Mapping[str, Callable[..., Any]]


def is_expression(value: object) -> bool:
    """Whether a value of the source is one expression; raises SourceError where text only holds one."""
    if not isinstance(value, str) or "${" not in value:
        return False
    if not (value.startswith("${") and value.rstrip().endswith("}")):
        raise SourceError(f"{value!r} holds an expression among other text; join them inside the expression")
    return True


@functools.cache
def parse(text: str) -> _Tree:
    """The tree of an expression `${…}`; raises SourceError where it is none, or too long."""
    if len(text) > MAXIMUM_LENGTH:
        raise SourceError(f"{text[:40]}…: {len(text)} characters, an expression has {MAXIMUM_LENGTH} at most")
    try:
        return _PARSER.parse(text.strip()[2:-1])
    except LarkError as error:
        raise SourceError(f"{text}: {str(error).splitlines()[0]}") from error


def functions_called(text: str) -> Iterator[str]:
    """Dotted names of the functions that an expression calls."""
    return (dotted_name(tree.children[0]) for tree in parse(text).find_data("call"))


def variables_named(text: str) -> Iterator[str]:
    """Names of the variables that an expression reads."""
    return _variables(parse(text))


def _variables(tree: Any) -> Iterator[str]:
    if not isinstance(tree, Tree):
        return
    if tree.data == "variable":
        yield str(tree.children[0])
    # What is called is a function's name, not a variable's.
    for child in tree.children[1:] if tree.data == "call" else tree.children:
        yield from _variables(child)


def dotted_name(tree: Any) -> str:
    """`text.substring` of its tree; raises SourceError where something else stands there."""
    if isinstance(tree, Tree) and tree.data == "variable":
        return str(tree.children[0])
    if isinstance(tree, Tree) and tree.data == "member":
        return f"{dotted_name(tree.children[0])}.{tree.children[1]}"
    raise SourceError("a function is called by its name alone")


def evaluate(text: str, names: Names) -> Any:
    """The value of an expression. Raises RaisedError as Workflows would, SourceError for a name that is not there."""
    return _value(parse(text), names)


def _value(tree: _Tree, names: Names) -> Any:
    return _RULES[str(tree.data)](tree.children, names)


def _variable(children: list[Any], names: Names) -> Any:
    name = str(children[0])
    if name not in names.variables:
        raise SourceError(f"variable {name} is not set")
    return names.variables[name]


def _member(children: list[Any], names: Names) -> Any:
    return look_up(_value(children[0], names), str(children[1]))


def look_up(holder: Any, key: Any) -> Any:
    """`holder[key]` of a map or a list, with the errors of Workflows."""
    if isinstance(holder, dict):
        if key not in holder:
            raise RaisedError.tagged("KeyError", f"key not found: {key}")
        return holder[key]
    if isinstance(holder, list) and isinstance(key, int) and not isinstance(key, bool):
        if not 0 <= key < len(holder):
            raise RaisedError.tagged("IndexError", f"index out of range: {key}")
        return holder[key]
    raise RaisedError.tagged("TypeError", f"{_type(holder)} has no {key!r}")


def _call(children: list[Any], names: Names) -> Any:
    name = dotted_name(children[0])
    if name not in names.functions:
        raise SourceError(f"there is no function {name}")
    return names.functions[name](*(_value(child, names) for child in children[1:]))


def _folded(children: list[Any], names: Names) -> Any:
    value = _value(children[0], names)
    for sign, right in zip(children[1::2], children[2::2], strict=True):
        value = _calculated(str(sign), value, _value(right, names))
    return value


def _compared(children: list[Any], names: Names) -> bool:
    left, sign, right = _value(children[0], names), str(children[1]), _value(children[2], names)
    if sign in ("==", "!="):
        return (left == right) is (sign == "==")
    return bool(_calculated(sign, left, right))


def _calculated(sign: str, left: Any, right: Any) -> Any:
    are_numbers = _type(left) in ("integer", "double") and _type(right) in ("integer", "double")
    are_texts = isinstance(left, str) and isinstance(right, str) and sign in ("+", "<", "<=", ">", ">=")
    if not are_numbers and not are_texts:
        raise RaisedError.tagged("TypeError", f"{_type(left)} {sign} {_type(right)}")
    try:
        return _ARITHMETIC[sign](left, right)
    except ZeroDivisionError as error:
        raise RaisedError.tagged("ZeroDivisionError", "division by zero") from error


def _within(children: list[Any], names: Names) -> bool:
    key, holder = _value(children[0], names), _value(children[1], names)
    if not isinstance(holder, dict | list):
        raise RaisedError.tagged("TypeError", f"{_type(key)} in {_type(holder)}")
    return key in holder


def truth(value: Any) -> bool:
    """A boolean's own value; anything else is no condition in Workflows."""
    if not isinstance(value, bool):
        raise RaisedError.tagged("TypeError", f"{_type(value)} is no boolean")
    return value


def _minus(children: list[Any], names: Names) -> Any:
    return _calculated("-", 0, _value(children[0], names))


def _type(value: Any) -> str:
    names = {bool: "boolean", int: "integer", float: "double", str: "string", list: "list", dict: "map", bytes: "bytes"}
    return names.get(type(value), "null")


_RULES: Mapping[str, Callable[[list[Any], Names], Any]] = {
    "variable": _variable,
    "member": _member,
    "item": lambda children, names: look_up(_value(children[0], names), _value(children[1], names)),
    "call": _call,
    "sum": _folded,
    "product": _folded,
    "compared": _compared,
    "within": _within,
    "without": lambda children, names: not _within(children, names),
    "no": lambda children, names: not truth(_value(children[0], names)),
    "disjunction": lambda children, names: any(truth(_value(child, names)) for child in children),
    "conjunction": lambda children, names: all(truth(_value(child, names)) for child in children),
    "minus": _minus,
    "integer": lambda children, _: int(children[0]),
    "double": lambda children, _: float(children[0]),
    "text": lambda children, _: ast.literal_eval(str(children[0])),
    "constant": lambda children, _: _CONSTANTS[children[0].lower()],
}
