"""A file's statements one by one, so that an error can be told with its line."""

from dataclasses import dataclass

from sqlglot import TokenType
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import TokenError

from schema.kit import File, SchemaError


@dataclass(frozen=True)
class Statement:
    """One statement as it stands in its file; `line` is that of its first word, from 1."""

    text: str
    line: int

    def line_of(self, position: int) -> int:
        """The file's line at a position in the statement, counted in characters from 1 as PostgreSQL does."""
        return self.line + self.text[: position - 1].count("\n")


def statements(file: File) -> tuple[Statement, ...]:
    """The statements between a file's semicolons; raises SchemaError when a quote is never closed."""
    try:
        tokens = Postgres().tokenize(file.content)
    except TokenError as error:
        raise SchemaError(file.path.as_posix(), f"is no SQL: {error}", fix="close what is open") from None
    found, start = [], 0
    for position, token in enumerate(tokens):
        is_last = position == len(tokens) - 1
        if token.token_type is TokenType.SEMICOLON or is_last:
            end = token.start if token.token_type is TokenType.SEMICOLON else token.end + 1
            first = tokens[start]
            if text := file.content[first.start : end].strip():
                found.append(Statement(text, file.content[: first.start].count("\n") + 1))
            start = position + 1
    return tuple(found)
