"""Filters of Cloud Monitoring: which time series an alert looks at.

`metric.type = "…" AND resource.type = "…" AND resource.labels.x = one_of("a", "b")`. Source: Cloud Monitoring
documentation, "Monitoring filters" (read 2026-11); wordings of refusals from issues (terraform-infra-common#463).
"""

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from lark import Lark, Token, Transformer, UnexpectedInput

MAXIMUM_LENGTH = 2048
"""Characters of a filter (monitoring v3 discovery document, MetricThreshold.filter)."""

# Which of AND and OR goes first is easily mistaken: both at one level want parentheses here.
_GRAMMAR = r"""
?start: terms
?terms: term
      | term (_OR term)+ -> any_of
      | term (_AND? term)+ -> all_of
?term: _NOT term -> no
     | "(" terms ")"
     | SELECTOR OPERATOR value -> restriction
value: TEXT -> equals
     | WORD -> equals
     | FUNCTION "(" TEXT ("," TEXT)* ")" -> function
_OR.2: /OR\b/
_AND.2: /AND\b/
_NOT.2: /(NOT\b|-)/
SELECTOR.1: /[A-Za-z_]+(\.([A-Za-z_][A-Za-z0-9_]*|"[^"]+"))*(?=\s*(=|!=|:|<|>))/
OPERATOR: "=" | "!="
FUNCTION.2: /(one_of|starts_with|ends_with|has_substring|monitoring\.regex\.full_match)(?=\s*\()/
TEXT: /"([^"\\]|\\.)*"/ | /'([^'\\]|\\.)*'/
WORD: /[A-Za-z0-9_.\/-]+/
%ignore /\s+/
"""
_PARSER = Lark(_GRAMMAR, parser="lalr", maybe_placeholders=False)
_ROOTS = ("group", "metadata", "metric", "project", "resource")
_FIELD = re.compile(r'(?P<of>metric|resource)\.labels?\.(?:"(?P<quoted>[^"]+)"|(?P<plain>\w+))')
_TESTS: Mapping[str, Callable[[str, tuple[str, ...]], bool]] = {
    "equals": lambda text, values: text in values,
    "one_of": lambda text, values: text in values,
    "starts_with": lambda text, values: text.startswith(values),
    "ends_with": lambda text, values: text.endswith(values),
    "has_substring": lambda text, values: values[0] in text,
    "monitoring.regex.full_match": lambda text, values: re.fullmatch(values[0], text) is not None,
}


class FilterError(ValueError):
    """A filter that Cloud Monitoring does not take, in its words."""


@dataclass(frozen=True)
class Restriction:
    """What a field must be: the field as `field_name` writes it, a test and its values."""

    field: str
    test: str
    values: tuple[str, ...]
    negated: bool = False

    def accepts(self, fields: Mapping[str, str]) -> bool:
        """Whether a time series with these fields passes; one that lacks the field is as if it were empty."""
        return _TESTS[self.test](fields.get(self.field, ""), self.values) != self.negated


@dataclass(frozen=True)
class Combination:
    """Filters of which all must accept, or any, or (`negated`) the one must not."""

    parts: "tuple[Filter, ...]"
    every: bool = True
    negated: bool = False

    def accepts(self, fields: Mapping[str, str]) -> bool:
        """Whether a time series with these fields passes."""
        each = (part.accepts(fields) for part in self.parts)
        return (all(each) if self.every else any(each)) != self.negated


Filter = Restriction | Combination


@functools.cache
def parse(text: str) -> Filter:
    """The filter of a text; raises FilterError with what Google answers."""
    if len(text) > MAXIMUM_LENGTH:
        raise FilterError(f"The filter has {len(text)} characters; it must not exceed {MAXIMUM_LENGTH}")
    try:
        tree = _PARSER.parse(text)
    except UnexpectedInput as error:
        token = getattr(error, "token", None) or text[error.pos_in_stream or 0 :][:1]
        where = f"line {error.line}, column {error.column}, token '{token}'"
        raise FilterError(f'Could not parse filter "{text}"; syntax error at {where}') from error
    found: Filter = _Build().transform(tree)
    for restriction in restrictions(found):
        if restriction.field.split(".", 1)[0] not in _ROOTS:
            prefixes = ", ".join(_ROOTS)
            raise FilterError(f"The lefthand side of each expression must be prefixed with one of {{{prefixes}}}")
    return found


def restrictions(tree: Filter) -> Iterator[Restriction]:
    """Every restriction of a filter, in order."""
    if isinstance(tree, Restriction):
        yield tree
    else:
        for part in tree.parts:
            yield from restrictions(part)


def the_one(tree: Filter, field: str) -> str | None:
    """The value that every accepted time series has in a field, where the filter says so itself."""
    if isinstance(tree, Restriction):
        plain = tree.field == field and not tree.negated and tree.test in ("equals", "one_of") and len(tree.values) == 1
        return tree.values[0] if plain else None
    if not tree.every or tree.negated:
        return None
    return next((value for part in tree.parts if (value := the_one(part, field)) is not None), None)


def field_name(selector: str) -> str:
    """A field in one spelling: `metric.label."state"`, `metric.labels.state` → `metric.labels.state`."""
    found = _FIELD.fullmatch(selector)
    return f"{found['of']}.labels.{found['quoted'] or found['plain']}" if found else selector


def label_of(field: str) -> tuple[str, str] | None:
    """Whose label a field is and what it is called, ("metric", "state"); None for a field that is no label of these."""
    found = _FIELD.fullmatch(field)
    return (found["of"], found["quoted"] or found["plain"]) if found else None


class _Build(Transformer[Token, Filter]):
    """The tree of the grammar as filters."""

    def equals(self, words: list[Token]) -> tuple[str, tuple[str, ...]]:
        return "equals", (_plain(words[0]),)

    def function(self, words: list[Token]) -> tuple[str, tuple[str, ...]]:
        return str(words[0]), tuple(_plain(word) for word in words[1:])

    def restriction(self, words: tuple[Token, Token, tuple[str, tuple[str, ...]]]) -> Restriction:
        selector, sign, (test, values) = words
        return Restriction(field_name(str(selector)), test, values, negated=sign == "!=")

    def all_of(self, parts: list[Filter]) -> Combination:
        return Combination(tuple(parts))

    def any_of(self, parts: list[Filter]) -> Combination:
        return Combination(tuple(parts), every=False)

    def no(self, parts: list[Filter]) -> Combination:
        return Combination(tuple(parts), negated=True)


def _plain(word: Token) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word.type == "TEXT" else str(word)
