"""The default retry policies of Workflows' standard library (http.default_retry and its like, read 2026-11)."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sandbox.workflows.source import Backoff, Retry


def _matches(codes: tuple[int, ...], tags: tuple[str, ...], error: Any) -> bool:
    return isinstance(error, dict) and (error.get("code") in codes or any(tag in tags for tag in error.get("tags", ())))


PREDICATES: Mapping[str, Callable[[Any], bool]] = {
    "${http.default_retry_predicate}": partial(
        _matches, (429, 502, 503, 504), ("ConnectionError", "ConnectionFailedError", "TimeoutError")
    ),
    "${http.default_retry_predicate_non_idempotent}": partial(_matches, (429, 503), ("ConnectionFailedError",)),
}
"""Whether a step is tried again after an error, by what a source calls the predicate."""

_BACKOFF = Backoff(initial_delay=1, max_delay=60, multiplier=1.25)

POLICIES: Mapping[str, Retry] = {
    name.replace("_predicate", ""): Retry(predicate=name, max_retries=5, backoff=_BACKOFF) for name in PREDICATES
}
"""Policies by what a source calls them; delays in seconds."""
