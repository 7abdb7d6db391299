"""What an RDB file says of itself in its first bytes, and whether its end is there, without reading all of it.

The file begins with its version, auxiliary fields (`redis-ver`, `ctime`), functions, and, for each database, how many
keys it holds and how many of them expire; it ends with an end mark and a checksum of 8 bytes (Redis 7.0, src/rdb.h and
rdbSaveRio in src/rdb.c, read 2026-11-26). Redis itself verifies the checksum when it loads the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

HEAD_BYTES = 65_536
"""Enough for the fields before the first key; a function library of scripts may lie among them."""

TAIL_BYTES = 9
_MAGIC = b"REDIS"
_VERSION_DIGITS = 4
_AUX, _FUNCTION, _SELECT, _RESIZE, _END = 250, 245, 254, 251, 255
_LONG_32, _LONG_64 = 0x80, 0x81
_INTEGERS = {0: 1, 1: 2, 2: 4}
"""Strings that are integers: their encoding, and how many bytes they take, lowest first."""

_COMPRESSED = 3


class RdbError(Exception):
    """A file that is no whole RDB file; the message says why, without the file's name."""


@dataclass(frozen=True)
class RdbHeader:
    """What the head says: `taken_at` is UTC; `keys` of the first database when it was taken, `expiring` among them.

    `keys` is None for an instance without any key.
    """

    redis_version: str
    taken_at: datetime
    keys: int | None
    expiring: int | None

    @property
    def persistent(self) -> int:
        """Keys that no time takes away: exactly so many must be there again."""
        return (self.keys or 0) - (self.expiring or 0)


def read_header(head: bytes) -> RdbHeader:
    """Read the head; raises RdbError when it is not that of an RDB file, or ends before the first key."""
    start = len(_MAGIC) + _VERSION_DIGITS
    if head[: len(_MAGIC)] != _MAGIC or not head[len(_MAGIC) : start].isdigit():
        raise RdbError("is no RDB file: it does not begin with REDIS and a version")
    reader = _Reader(head, start)
    fields: dict[bytes, bytes] = {}
    sizes: tuple[int, int] | None = None
    while (kind := reader.byte()) in (_AUX, _FUNCTION, _SELECT, _RESIZE):
        if kind == _AUX:
            key = reader.text()
            fields[key] = reader.text()
        elif kind == _FUNCTION:
            reader.text()
        elif kind == _SELECT:
            reader.length()
        else:
            sizes = reader.length(), reader.length()
            break
    if b"ctime" not in fields or (sizes is None and kind != _END):
        raise RdbError("does not tell when it was taken and how many keys it has, as Redis 7 does")
    return RdbHeader(
        redis_version=fields.get(b"redis-ver", b"").decode("ascii", "replace"),
        taken_at=datetime.fromtimestamp(int(fields[b"ctime"]), UTC),
        keys=sizes[0] if sizes else None,
        expiring=sizes[1] if sizes else None,
    )


def check_end(tail: bytes) -> None:
    """Look for the end mark in a file's last bytes; raises RdbError when the file is cut off."""
    if len(tail) < TAIL_BYTES or tail[-TAIL_BYTES] != _END:
        raise RdbError("is cut off: its end mark is missing")


class _Reader:
    """Reads lengths and strings as RDB writes them."""

    def __init__(self, content: bytes, position: int) -> None:
        self._content = content
        self._position = position

    def byte(self) -> int:
        return self._take(1)[0]

    def length(self) -> int:
        value, encoding = self._length()
        if encoding:
            raise RdbError("has an encoded string where a length belongs")
        return value

    def text(self) -> bytes:
        value, is_encoded = self._length()
        if not is_encoded:
            return self._take(value)
        if value in _INTEGERS:
            return str(int.from_bytes(self._take(_INTEGERS[value]), "little", signed=True)).encode()
        if value != _COMPRESSED:
            raise RdbError(f"has a string of an unknown encoding, {value}")
        compressed = self.length()
        self.length()
        self._take(compressed)
        return b""

    def _length(self) -> tuple[int, bool]:
        """A length, or the number of a string's encoding, and whether it is that."""
        first = self.byte()
        if first in (_LONG_32, _LONG_64):
            return int.from_bytes(self._take(4 if first == _LONG_32 else 8), "big"), False
        kind, low = first >> 6, first & 0x3F
        if kind == 1:
            return (low << 8) | self.byte(), False
        if kind == 2:  # noqa: PLR2004 # the two long forms are above
            raise RdbError("has a length of an unknown form")
        return low, kind == 3  # noqa: PLR2004 # encoded

    def _take(self, count: int) -> bytes:
        taken = self._content[self._position : self._position + count]
        if len(taken) < count:
            raise RdbError("ends within its head")
        self._position += count
        return taken
