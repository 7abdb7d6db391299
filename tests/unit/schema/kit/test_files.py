from pathlib import Path

import pytest

from schema.kit import SchemaError, ordered_files, unordered_files


def folder(path: Path, *names: str) -> Path:
    for name in names:
        (path / name).write_text(f"-- {name}\n", encoding="utf-8")
    return path


def test_files_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    found = ordered_files(folder(tmp_path, "0002_b.sql", "0001_a.sql", "notes.md"), ".sql")
    assert [file.name for file in found] == ["0001_a", "0002_b"]


def test_the_checksum_is_that_of_the_content_alone(tmp_path: Path) -> None:
    first, second = folder(tmp_path, "0001_a.sql") / "0001_a.sql", tmp_path / "0002_b.sql"
    second.write_text(first.read_text())
    one, two = ordered_files(tmp_path, ".sql")
    assert one.checksum == two.checksum
    second.write_text("-- other\n")
    assert ordered_files(tmp_path, ".sql")[1].checksum != one.checksum


@pytest.mark.parametrize(
    ("names", "given", "fix"),
    [
        (("0001_a.sql", "0001_b.sql"), "has number 0001 where 0002 is next", "0002_b.sql"),
        (("0001_a.sql", "0003_b.sql"), "has number 0003 where 0002 is next", "0002_b.sql"),
        (("0000_a.sql",), "has number 0000 where 0001 is next", "0001_a.sql"),
        (("1_a.sql",), "is no name for it", "rename"),
        (("0001_A.sql",), "is no name for it", "rename"),
        (("0001a.sql",), "is no name for it", "rename"),
        (("0001_a__b.sql",), "is no name for it", "rename"),
    ],
)
def test_a_wrong_number_or_name_is_refused(tmp_path: Path, names: tuple[str, ...], given: str, fix: str) -> None:
    with pytest.raises(SchemaError) as refused:
        ordered_files(folder(tmp_path, *names), ".sql")
    assert refused.value.given == given
    assert fix in refused.value.fix


def test_unordered_files_have_names_without_numbers_too(tmp_path: Path) -> None:
    assert [file.name for file in unordered_files(folder(tmp_path, "b.sql", "a_b.sql"), ".sql")] == ["a_b", "b"]
    with pytest.raises(SchemaError, match="no name for it"):
        unordered_files(folder(tmp_path, "Grants.sql"), ".sql")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0001_a.sql").write_bytes(b"\xff\xfe")
    with pytest.raises(SchemaError, match="is not UTF-8"):
        ordered_files(tmp_path, ".sql")
