"""Copies in a bucket: made once, read whole, and what is told when Cloud Storage is in trouble."""

from collections.abc import Iterator

import pytest

from sandbox.api import Fault, Kind
from sandbox.api.buckets import Copies, simulated_bucket
from schema.kit import SchemaError
from schema.kit.bucket import CHUNK_BYTES

# The client leaves the connection of an answer that it throws away to the garbage (sandbox.api.buckets.collect).
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
LARGE = bytes(range(256)) * (CHUNK_BYTES // 256 * 2 + 7)


@pytest.fixture
def copies() -> Iterator[Copies]:
    with simulated_bucket() as made:
        yield made


def write(copies: Copies, name: str, content: bytes) -> None:
    with copies.creating(name) as target:
        target.write(content)


def test_what_is_written_is_listed_and_read_whole_and_in_part(copies: Copies) -> None:
    write(copies, "a/one", LARGE)
    write(copies, "a/two", b"2")
    write(copies, "b", b"")
    assert [(each.name, each.size) for each in copies.listed("a/")] == [("a/one", len(LARGE)), ("a/two", 1)]
    with copies.reading("a/one") as source:
        assert source.read() == LARGE
    assert copies.part("a/one", 250, 260) == LARGE[250:260]
    found = copies.found("a/two")
    assert found
    assert found.crc32c
    assert copies.found("a/three") is None


def test_an_object_is_never_overwritten(copies: Copies) -> None:
    write(copies, "a", b"first")
    with pytest.raises(SchemaError, match="is there already"):
        write(copies, "a", b"second")
    assert copies.content("a") == b"first"


@pytest.mark.parametrize("written", [b"", b"a few", LARGE])
def test_a_block_that_fails_leaves_no_object(copies: Copies, written: bytes) -> None:
    def fail() -> None:
        with copies.creating("a") as target:
            target.write(written)
            raise ValueError("the source broke")

    with pytest.raises(ValueError, match="the source broke"):
        fail()
    assert copies.names() == []


@pytest.mark.parametrize("kind", [Kind.UNAVAILABLE, Kind.THROTTLED, Kind.CUT])
@pytest.mark.parametrize("call", [1, 2, 3])
def test_an_upload_survives_one_call_that_fails(copies: Copies, kind: Kind, call: int) -> None:
    copies.api.faults.add(Fault("storage.objects.insert", kind, nth=call))
    write(copies, "a", LARGE)
    assert copies.content("a") == LARGE


@pytest.mark.parametrize("kind", [Kind.UNAVAILABLE, Kind.THROTTLED, Kind.CUT])
@pytest.mark.parametrize("method", ["storage.objects.get", "storage.objects.list"])
def test_reading_survives_one_call_that_fails(copies: Copies, kind: Kind, method: str) -> None:
    copies.put("a", LARGE)
    copies.api.faults.add(Fault(method, kind))
    assert [each.name for each in copies.listed("")] == ["a"]
    with copies.reading("a") as source:
        assert source.read(1000) + source.read() == LARGE
    assert copies.part("a", 1, 3) == LARGE[1:3]


def test_a_bucket_that_is_not_there_is_told(copies: Copies) -> None:
    copies.storage.buckets.clear()
    with pytest.raises(SchemaError, match=r"gs://triptrip-test-1-backups/\*: is not there"):
        list(copies.listed(""))
    with pytest.raises(SchemaError, match="is not there"):
        write(copies, "a", b"content")


def test_what_is_not_there_and_what_is_refused_are_told_in_one_message(copies: Copies) -> None:
    with pytest.raises(SchemaError, match=r"gs://triptrip-test-1-backups/a: is not there"):
        copies.part("a", 0, 1)
