"""Filters of Cloud Logging: which log entries an alert is raised by, or a metric counts.

`log_id("…") AND resource.type="…" AND NOT a.b>0 AND c=("x" OR "y") AND d=~"…"`. Source: Cloud Logging documentation,
"Logging query language" (read 2026-11): comparisons of text ignore case, a missing field meets no comparison, and NOT
binds closer than AND.
"""

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from lark import Lark, Token, Transformer, UnexpectedInput

MAXIMUM_LENGTH = 20_000
"""Characters of a filter (logging v2 discovery document)."""

Entry = Mapping[str, Any]
Test = Callable[[Entry], bool]

_GRAMMAR = r"""
?start: any_of
?any_of: all_of (_OR all_of)*
?all_of: term (_AND? term)*
?term: _NOT term -> no
     | "(" any_of ")"
     | "log_id" "(" TEXT ")" -> log
     | PATH OPERATOR value -> comparison
value: scalar | "(" scalar (_OR scalar)* ")"
?scalar: TEXT | NUMBER
_OR.3: /OR\b/
_AND.3: /AND\b/
_NOT.3: /NOT\b/
PATH: /[A-Za-z_@][A-Za-z0-9_@]*(\.[A-Za-z_@][A-Za-z0-9_@]*)*/
OPERATOR: "=~" | "!~" | "!=" | ">=" | "<=" | "=" | ">" | "<" | ":"
TEXT: /"([^"\\]|\\.)*"/
NUMBER: /-?[0-9]+(\.[0-9]+)?/
%ignore /\s+/
"""
_PARSER = Lark(_GRAMMAR, parser="lalr", maybe_placeholders=False)

_ORDER: Mapping[str, Callable[[float, float], bool]] = {
    ">": lambda found, wanted: found > wanted,
    "<": lambda found, wanted: found < wanted,
    ">=": lambda found, wanted: found >= wanted,
    "<=": lambda found, wanted: found <= wanted,
}
_WORDS: Mapping[str, Callable[[str, str], bool]] = {
    "=": lambda found, wanted: found.lower() == wanted.lower(),
    "!=": lambda found, wanted: found.lower() != wanted.lower(),
    ":": lambda found, wanted: wanted.lower() in found.lower(),
    "=~": lambda found, wanted: re.search(wanted, found) is not None,
    "!~": lambda found, wanted: re.search(wanted, found) is None,
}


class LogFilterError(ValueError):
    """A filter that Cloud Logging does not take."""


@functools.cache
def log_filter(text: str) -> Test:
    """Says of an entry (as the API gives it, a mapping) whether it passes. Raises LogFilterError."""
    if not 0 < len(text) <= MAXIMUM_LENGTH:
        raise LogFilterError(f"The filter must be between 1 and {MAXIMUM_LENGTH} characters")
    try:
        tree = _PARSER.parse(text)
    except UnexpectedInput as error:
        raise LogFilterError(f"Unparseable filter: syntax error at line {error.line}, column {error.column}") from error
    found: Test = _Build().transform(tree)
    return found


class _Build(Transformer[Token, Test]):
    """Makes tests of a parsed filter."""

    def any_of(self, parts: list[Test]) -> Test:
        return lambda entry: any(part(entry) for part in parts)

    def all_of(self, parts: list[Test]) -> Test:
        return lambda entry: all(part(entry) for part in parts)

    def no(self, parts: list[Test]) -> Test:
        return lambda entry: not parts[0](entry)

    def log(self, words: list[Token]) -> Test:
        wanted = _plain(words[0])
        return lambda entry: unquote(str(entry.get("logName", ""))).endswith(f"/logs/{wanted}")

    def value(self, words: list[Token]) -> tuple[str, ...]:
        return tuple(_plain(word) for word in words)

    def comparison(self, words: tuple[Token, Token, tuple[str, ...]]) -> Test:
        path, operator, wanted = str(words[0]).split("."), str(words[1]), words[2]

        def passes(entry: Entry) -> bool:
            found = _at(entry, path)
            return found is not None and any(_compare(operator, found, each) for each in wanted)

        return passes


def _compare(operator: str, found: Any, wanted: str) -> bool:
    if operator in _ORDER:
        return _ORDER[operator](float(found), float(wanted))
    return _WORDS[operator](str(found), wanted)


def _at(entry: Any, path: list[str]) -> Any:
    for key in path:
        entry = entry.get(key) if isinstance(entry, Mapping) else None
    return entry


def _plain(word: Token) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word.type == "TEXT" else str(word)
