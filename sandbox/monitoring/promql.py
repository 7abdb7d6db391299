"""PromQL as far as a refusal needs it: whether it is one, and which series it asks for.

Source of the grammar: Prometheus documentation, "Querying Prometheus" (release 2.42, read 2026-11). promtool judges
the same queries in full (sandbox/monitoring/promtool.py); this parser is there where no program can be installed.
"""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from lark import Lark, Token, Tree, UnexpectedInput

_AGGREGATORS = "sum|avg|count|min|max|group|stddev|stdvar|topk|bottomk|count_values|quantile"
_GRAMMAR = rf"""
?start: disjunction
?disjunction: conjunction (_OR _matching? conjunction)*
?conjunction: comparison ((_AND | _UNLESS) _matching? comparison)*
?comparison: sum (_COMPARISON _BOOL? _matching? sum)*
?sum: product (_SIGN _matching? product)*
?product: unary (_FACTOR _matching? unary)*
?unary: _SIGN unary
      | power
?power: postfix ("^" _matching? unary)?
?postfix: atom
        | postfix "[" DURATION "]" -> ranged
        | postfix "[" DURATION ":" DURATION? "]" -> ranged
        | postfix "offset" _SIGN? DURATION -> moved
        | postfix "@" (NUMBER | FUNCTION "(" ")") -> moved
?atom: NUMBER -> number
     | TEXT -> text
     | "(" disjunction ")"
     | _AGGREGATOR _grouping? _arguments _grouping? -> aggregated
     | FUNCTION "(" [disjunction ("," disjunction)*] ")" -> called
     | NAME [_matchers] -> series
     | _matchers -> nameless
_arguments: "(" disjunction ("," disjunction)* ")"
_grouping: (_BY | _WITHOUT) _labels
_matching: (_ON | _IGNORING) _labels ((_LEFT | _RIGHT) _labels?)?
_labels: "(" [NAME ("," NAME)* ","?] ")"
_matchers: "{{" [matcher ("," matcher)* ","?] "}}"
matcher: NAME OPERATOR TEXT
_OR.3: /or\b/i
_AND.3: /and\b/i
_UNLESS.3: /unless\b/i
_BOOL.3: /bool\b/i
_BY.3: /by\b/i
_WITHOUT.3: /without\b/i
_ON.3: /on\b(?=\s*\()/i
_IGNORING.3: /ignoring\b(?=\s*\()/i
_LEFT.3: /group_left\b/i
_RIGHT.3: /group_right\b/i
_AGGREGATOR.2: /({_AGGREGATORS})\b(?=\s*(\(|by\b|without\b))/i
FUNCTION.1: /[a-z][a-z0-9_]*(?=\s*\()/
NAME: /[a-zA-Z_:][a-zA-Z0-9_:]*/
DURATION: /([0-9]+(ms|[smhdwy]))+/
NUMBER.1: /([0-9]+(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]+)?(?![0-9a-z])|Inf\b|NaN\b/
OPERATOR: "=~" | "!~" | "!=" | "="
_COMPARISON: "==" | "!=" | "<=" | ">=" | "<" | ">"
_SIGN: "+" | "-"
_FACTOR: "*" | "/" | "%"
TEXT: /"([^"\\]|\\.)*"/ | /'([^'\\]|\\.)*'/ | /`[^`]*`/
COMMENT: /#[^\n]*/
%ignore /\s+/
%ignore COMMENT
"""
_PARSER = Lark(_GRAMMAR, parser="lalr", maybe_placeholders=False)


class PromqlError(ValueError):
    """A query that is no PromQL."""


@dataclass(frozen=True)
class Selector:
    """Series that a query asks for: the metric's name, and by label an operator and its value."""

    name: str
    matchers: Mapping[str, tuple[str, str]]


@functools.cache
def selectors(query: str) -> tuple[Selector, ...]:
    """What a query asks for, in order; raises PromqlError for one that Prometheus would not parse."""
    try:
        tree = _PARSER.parse(query)
    except UnexpectedInput as error:
        here = query[error.pos_in_stream or 0 :][:20]
        raise PromqlError(f"parse error at line {error.line}, column {error.column}: unexpected {here!r}") from error
    for call in tree.find_data("called"):
        _check_call(call)
    return tuple(_selectors(tree))


@functools.cache
def _functions() -> Mapping[str, frozenset[str]]:
    table = yaml.safe_load((Path(__file__).parent / "promql_functions.yaml").read_text(encoding="utf-8"))
    return {section: frozenset(table[section]) for section in ("ranges", "values")}


def _check_call(call: Tree[Token]) -> None:
    name, *arguments = call.children
    if name in _functions()["ranges"]:
        if not any(isinstance(one, Tree) and _is_range(one) for one in arguments):
            raise PromqlError(f"parse error: expected type range vector in call to function {str(name)!r}")
    elif name not in _functions()["values"]:
        raise PromqlError(f"parse error: unknown function with name {str(name)!r}")


def _is_range(tree: Tree[Token]) -> bool:
    if tree.data == "moved":
        inner = tree.children[0]
        return isinstance(inner, Tree) and _is_range(inner)
    return tree.data == "ranged"


def _selectors(tree: Tree[Token]) -> Iterator[Selector]:
    for found in tree.find_pred(lambda one: one.data in ("series", "nameless")):
        matchers = {
            str(one.children[0]): (str(one.children[1]), str(one.children[2])[1:-1])
            for one in found.children
            if isinstance(one, Tree)
        }
        first = found.children[0] if found.children else ""
        named = matchers.pop("__name__", ("=", ""))[1]
        yield Selector(str(first) if isinstance(first, Token) else named, matchers)
