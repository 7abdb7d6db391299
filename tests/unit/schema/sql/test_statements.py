from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.kit import File, SchemaError, read_file
from schema.postgres.store import FOLDER
from schema.sql.statements import statements


def of(content: str) -> File:
    return File("0001_a", Path("0001_a.sql"), content)


def test_statements_are_cut_at_semicolons_outside_of_quotes() -> None:
    content = "-- one; still a comment\nSELECT ';', $$;$$, $body$ ; $$ ; $body$;\n\n/* ; */ SELECT \";\";\n  SELECT 3"
    found = statements(of(content))
    assert [(statement.line, statement.text) for statement in found] == [
        (2, "SELECT ';', $$;$$, $body$ ; $$ ; $body$"),
        (4, 'SELECT ";"'),
        (5, "SELECT 3"),
    ]


@pytest.mark.parametrize("content", ["", "-- nothing\n", ";;\n;"])
def test_a_file_of_nothing_has_no_statement(content: str) -> None:
    assert statements(of(content)) == ()


def test_a_quote_that_is_never_closed_is_refused() -> None:
    with pytest.raises(SchemaError, match=r"0001_a\.sql: is no SQL"):
        statements(of("SELECT 'never\n"))


def test_the_line_of_a_position_is_the_files() -> None:
    (_, second) = statements(of("SELECT 1;\n\nSELECT 2,\n  3,\n  wrong;\n"))
    assert second.line_of(second.text.index("wrong") + 1) == 5
    assert second.line_of(1) == 3


_PIECES = st.sampled_from(["SELECT 1", "SELECT ';'", "SELECT $a$;$a$", "-- c;\nSELECT 2", "DO $$BEGIN x; END$$"])


@given(st.lists(_PIECES, max_size=6))
def test_what_is_joined_by_semicolons_comes_apart_again(pieces: list[str]) -> None:
    found = statements(of(";\n".join(pieces)))
    assert [statement.text for statement in found] == [piece.removeprefix("-- c;\n") for piece in pieces]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*/*.sql")), ids=lambda path: path.stem)
def test_nothing_but_comments_stands_between_the_statements_of_a_file(path: Path) -> None:
    file = read_file(path)
    rest = file.content
    for statement in statements(file):
        before, found, rest = rest.partition(statement.text)
        assert found
        assert all(not line or line.startswith("--") for line in before.lstrip(";").strip().splitlines())
    assert not rest.strip("; \n") or rest.lstrip("; ").startswith("--")
