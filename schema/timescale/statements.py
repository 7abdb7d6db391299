"""Statements of SQL files in one spelling, each with its place, so that rules can be written as patterns."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import Token, TokenType
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import TokenError

from schema.kit import File, SchemaError
from schema.sql.statements import statements

_STRINGS = frozenset({TokenType.STRING, TokenType.HEREDOC_STRING, TokenType.RAW_STRING})
_WORDS = re.compile(r"'(?:[^']|'')*'|\S+")


@dataclass(frozen=True)
class PlainStatement:
    """One statement: words in small letters with a space between, strings in quotes as they are, no comments."""

    file: File
    line: int
    text: str

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.file.path.as_posix()}:{self.line}"


def plain_statements(file: File) -> Iterator[PlainStatement]:
    """The statements of a file; raises SchemaError where a string is not ended."""
    for statement in statements(file):
        yield PlainStatement(file, statement.line, " ".join(_words(file, statement.text)))


def parts(text: str) -> Sequence[str]:
    """What stands between the commas of a statement's text that are in no brackets."""
    found, depth = [""], 0
    for word in _WORDS.findall(text):
        depth += (word == "(") - (word == ")")
        if word == "," and depth == 0:
            found.append("")
        else:
            found[-1] += f" {word}"
    return [part.strip() for part in found if part.strip()]


def _words(file: File, text: str) -> Iterator[str]:
    try:
        tokens = Postgres().tokenize(text)
    except TokenError as error:
        raise SchemaError(file.path.as_posix(), f"is no SQL: {error}", fix="close what is open") from None
    is_rest = False
    for token in tokens:
        if is_rest:
            # What follows CALL comes in one piece.
            yield from _words(file, token.text)
        else:
            yield _word(token)
        is_rest = token.token_type is TokenType.COMMAND


def _word(token: Token) -> str:
    return "'" + token.text.replace("'", "''") + "'" if token.token_type in _STRINGS else token.text.lower()
