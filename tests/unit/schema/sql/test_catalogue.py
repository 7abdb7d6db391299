import pytest

from schema.sql.catalogue import Difference, Entry

LONG = "CREATE FUNCTION operations.touch() RETURNS trigger AS 'BEGIN NEW.updated_at := {}(); RETURN NEW; END'"


@pytest.mark.parametrize(
    ("left", "found", "said"),
    [
        (None, "text", "column a of table b is in no file"),
        ("text", None, "column a of table b is gone"),
        ("text", "text not null", "column a of table b was text, is text not null"),
        (
            LONG.format("clock_timestamp"),
            LONG.format("now"),
            (
                "column a of table b was …ted_at := clock_timestamp(); RETURN NEW; END', "
                "is …ted_at := now(); RETURN NEW; END'"
            ),
        ),
        ("x" * 70, "x" * 71, f"column a of table b was …{'x' * 10}, is …{'x' * 11}"),
        ("a\n b" + "x" * 70, "a\n c" + "x" * 70, f"column a of table b was a b{'x' * 56}…, is a c{'x' * 56}…"),
    ],
)
def test_a_difference_is_one_line_that_shows_where_it_is(left: str | None, found: str | None, said: str) -> None:
    entries = [None if text is None else Entry("table b", text) for text in (left, found)]
    difference = Difference("column a of table b", *entries)
    assert str(difference) == said
    assert difference.parent == "table b"
