"""Whether a restored cache holds what its export said: how many keys, and a sample's types and times to live.

What a key of each use is like says the contract of the cache (RDS-USE, CACHE-INV): one that should expire and does not
would never go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from infra.catalog.cache_contract_rows import contract
from ops.recovery.check import Check

if TYPE_CHECKING:
    from redis import Redis

    from ops.recovery.redis.rdb import RdbHeader

SAMPLE = 1000
_NO_EXPIRY = -1
_TOLD = 3


def validate(client: Redis, header: RdbHeader, sample: int = SAMPLE) -> Sequence[Check]:
    """Compare a cache that nobody writes to yet with its export, and look at so many of its keys."""
    # The client's types leave open whether it is the asynchronous one.
    told: Any = client.info()
    keyspace: Mapping[str, int] = told.get("db0", {"keys": 0, "expires": 0})
    persistent = keyspace["keys"] - keyspace["expires"]
    evicted: int = told["evicted_keys"]
    wrong, looked_at = _wrong_keys(client, sample)
    return (
        Check(
            "keys that do not expire",
            persistent == header.persistent,
            f"{persistent}, the export has {header.persistent}",
        ),
        Check(
            "keys that expire",
            keyspace["expires"] <= (header.expiring or 0),
            f"{keyspace['expires']} of {header.expiring or 0}; the others' time was over",
        ),
        Check("evicted keys", not evicted, f"{evicted}; any means that the instance is too small for its export"),
        Check(
            "types and times to live",
            not wrong,
            f"{len(wrong)} of {looked_at} keys are not as their kind" + "".join(f"; {text}" for text in wrong[:_TOLD]),
        ),
    )


def _wrong_keys(client: Redis, sample: int) -> tuple[Sequence[str], int]:
    keys = list(islice(client.scan_iter(count=sample), sample))
    pipe = client.pipeline(transaction=False)
    for key in keys:
        pipe.type(key)
        pipe.ttl(key)
    answers = iter(pipe.execute())
    wrong = [text for key in keys for text in _wrong(_text(key), _text(next(answers)), int(next(answers)))]
    return wrong, len(keys)


def _wrong(key: str, kind: str, seconds: int) -> Iterator[str]:
    """What a key has otherwise; one whose time ended meanwhile has no type."""
    use = contract().use_of(key)
    if use is None or kind == "none":
        return
    if kind != use.structure:
        yield f"{use.prefix}… is a {kind}, not a {use.structure}"
    if use.lifetime and seconds == _NO_EXPIRY:
        yield f"{use.prefix}… never expires"
    elif use.lifetime and seconds > use.lifetime.seconds:
        yield f"{use.prefix}… has {seconds} s to live, {use.lifetime.seconds} at most"


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
