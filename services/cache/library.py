"""The text of the Redis function library `triptrip`, put together from functions/."""

import hashlib
from pathlib import Path

from services.cache import contract

_FOLDER = Path(__file__).with_name("functions")
PARTS = (
    "contract",
    "kit",
    "session",
    "rate_limit",
    "lock",
    "counters",
    "leaderboard",
    "cache",
    "invalidation",
    "register",
)
"""The files, in the order in which each finds what it uses; `contract` is written from infra/catalog/cache.yaml."""


def body() -> str:
    """The library without its name and version."""
    return "\n".join((_FOLDER / f"{part}.lua").read_text(encoding="utf-8") for part in PARTS)


def digest() -> str:
    """SHA-256 of the body, in hexadecimal digits."""
    return hashlib.sha256(body().encode()).hexdigest()


def text(note: str = "") -> str:
    """The library as FUNCTION LOAD takes it; `note` is a line about this loading, which is no part of its digest."""
    version = f"local VERSION, DIGEST = {contract.LIBRARY_VERSION}, '{digest()}'"
    return "\n".join((f"#!lua name={contract.LIBRARY}", f"-- {note}", version, body()))
