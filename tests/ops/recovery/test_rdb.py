"""Heads of RDB files: what they tell, and what is no RDB file."""

from datetime import UTC, datetime

import pytest

from ops.recovery.redis.rdb import RdbError, check_end, read_header

# As Redis 7.0.15 writes it: version, fields, database 0 with 101 keys of which 50 expire, and a key's beginning.
FIELDS = (
    b"REDIS0010\xfa\tredis-ver\x067.0.15\xfa\nredis-bits\xc0@\xfa\x05ctime\xc2+\x0e\x08k"
    b"\xfa\x08used-mem\xc2\xb8\xa5\x10\x00"
)
HEAD = FIELDS + b"\xfa\x08aof-base\xc0\x00\xfe\x00\xfb@e2\xf8\x00\x00\x03k34"
COMPRESSED = b"\xc3\t\x40\x64\x01vv\xe0\x15\x00\x01vv"


def test_a_head_tells_when_it_was_taken_and_how_many_keys_there_are() -> None:
    header = read_header(HEAD)
    assert header.redis_version == "7.0.15"
    assert header.taken_at == datetime(2026, 11, 26, 10, 47, 7, tzinfo=UTC)
    assert (header.keys, header.expiring, header.persistent) == (101, 50, 51)


def test_scripts_before_the_first_database_are_passed_over() -> None:
    scripts = b"\xf5" + COMPRESSED + b"\xf5\x05local"
    assert read_header(FIELDS + scripts + b"\xfe\x00\xfb\x80\x00\x01\x00\x00\x00").keys == 65536


def test_an_instance_without_keys_has_none() -> None:
    header = read_header(FIELDS + b"\xff" + bytes(8))
    assert (header.keys, header.persistent) == (None, 0)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is no RDB file"),
        (b"REDIS00xx", "is no RDB file"),
        (b"<html>", "is no RDB file"),
        (HEAD[:30], "ends within its head"),
        (b"REDIS0010\xfe\x00\xfb\x01\x00", "does not tell when it was taken"),
        (FIELDS + b"\xf7\x00", "does not tell when"),
        (FIELDS + b"\xfa\xc4", "unknown encoding"),
        (FIELDS + b"\xfe\xc0", "where a length belongs"),
        (FIELDS + b"\xfa\x82", "unknown form"),
    ],
)
def test_whatever_else_is_refused_with_the_reason(content: bytes, why: str) -> None:
    with pytest.raises(RdbError, match=why):
        read_header(content)


def test_the_end_mark_is_looked_for() -> None:
    check_end(b"xxx\xff12345678")
    for tail in (b"\xff1234567", b"x12345678", b""):
        with pytest.raises(RdbError, match="is cut off"):
            check_end(tail)
