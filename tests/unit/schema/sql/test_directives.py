from pathlib import Path

import pytest

from schema.kit import File, SchemaError
from schema.sql.directives import Directives, directives


def file(content: str) -> File:
    return File("0001_a", Path("schema/postgres/migrations/0001_a.sql"), content)


def test_a_file_without_directives_runs_whole_with_short_waits() -> None:
    assert directives(file("-- Why.\nCREATE TABLE a ();\n")) == Directives()
    assert Directives() == Directives(transaction="whole", statement_timeout="10 min", repair="")
    assert Directives().longest_wait == "5 s"


def test_what_holds_up_nobody_may_wait_as_long_as_it_may_take() -> None:
    """An index that is built beside writers waits for every older transaction, a report of minutes too."""
    assert Directives(transaction="none", statement_timeout="1 h").longest_wait == "1 h"
    assert Directives(transaction="none", lock_timeout="2 s").longest_wait == "2 s"
    assert Directives(lock_timeout="100 ms").longest_wait == "100 ms"


def test_directives_stand_among_the_first_comment_lines() -> None:
    found = directives(
        file(
            "-- Why.\n--schema:transaction=none\n-- schema: repair = DROP INDEX CONCURRENTLY IF EXISTS a\n\n"
            "-- schema: lock_timeout = 100 ms\n-- schema: statement_timeout = 2 h\n"
            "CREATE INDEX CONCURRENTLY a ON b (c);\n"
        )
    )
    repair = "DROP INDEX CONCURRENTLY IF EXISTS a"
    assert found == Directives(transaction="none", repair=repair, lock_timeout="100 ms", statement_timeout="2 h")


def test_what_stands_after_the_first_statement_is_no_directive() -> None:
    assert directives(file("SELECT 1;\n-- schema: transaction = none\n")) == Directives()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("-- schema: transactions = none\n", "directive transactions"),
        ("-- schema: transaction = maybe\n", "directive transaction: Input should be 'whole' or 'none'"),
        ("-- schema: lock_timeout = 5\n", "directive lock_timeout"),
        ("-- schema: lock_timeout = forever\n", "directive lock_timeout"),
        ("-- Why.\n-- schema transaction none\n", "0001_a.sql:2: '-- schema transaction none' is no directive"),
        ("-- schema: repair = DROP INDEX a\n", "repair is for files without a transaction"),
    ],
)
def test_a_directive_that_is_not_understood_is_refused(content: str, told: str) -> None:
    with pytest.raises(SchemaError) as refused:
        directives(file(content))
    assert told in str(refused.value)
    assert "schema/postgres/migrations/0001_a.sql" in refused.value.where
