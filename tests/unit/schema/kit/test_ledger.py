from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.kit import File, Record, SchemaError, pending

BEGUN = datetime(2026, 11, 25, 3, 4, tzinfo=UTC)


def file(number: int, content: str = "") -> File:
    name = f"{number:04}_step"
    return File(name, Path(f"schema/postgres/migrations/{name}.sql"), content or name)


def ran(source: File, is_finished: bool = True) -> Record:
    end = BEGUN + timedelta(seconds=1) if is_finished else None
    return Record(source.name, source.checksum, BEGUN, end, "migration")


@given(st.integers(0, 6), st.integers(0, 6))
def test_what_has_run_and_what_is_left_are_all_files(count: int, done: int) -> None:
    files = [file(number) for number in range(1, count + 1)]
    left = pending(files, [ran(each) for each in files[:done]])
    assert [*files[:done], *left] == files


def test_a_file_that_was_interrupted_is_left_though_it_was_edited_since() -> None:
    assert pending([file(1, "new")], [ran(file(1, "old"), is_finished=False)]) == (file(1, "new"),)


def test_an_edited_file_is_refused_with_both_checksums_and_the_time() -> None:
    with pytest.raises(SchemaError) as refused:
        pending([file(1, "new"), file(2)], [ran(file(1, "old"))])
    told = str(refused.value)
    assert refused.value.where == "schema/postgres/migrations/0001_step.sql"
    assert file(1, "new").checksum[:12] in told
    assert file(1, "old").checksum[:12] in told
    assert "2026-11-25 03:04 UTC" in told
    assert "after 0002_step" in told


def test_a_file_that_is_gone_is_refused() -> None:
    with pytest.raises(SchemaError, match="has run in the store and is not among the files"):
        pending([file(1)], [ran(file(1)), ran(file(2))])


def test_a_new_file_before_one_that_has_run_is_refused() -> None:
    with pytest.raises(SchemaError, match="stands before 0002_step, which has run"):
        pending([file(1), file(2)], [ran(file(2))])
