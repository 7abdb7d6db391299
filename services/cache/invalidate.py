"""Tell the caches what has changed: one event for the invalidation worker (CACHE-INV), from any Python program.

    topic = Topic("projects/triptrip-prod/topics/cache-invalidation")
    with engine.begin() as transaction:
        ...
    invalidate(topic, "entity", entity="hotel", entityId=hotel, reason="hotel update", source="application")

Publish after the transaction has been committed, never before: a purge that is ahead of its write is no purge.
"""

import base64
import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import google.auth
import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_random_exponential

API = "https://asia-northeast1-pubsub.googleapis.com"
"""The region's own address: the topic takes messages there alone (docs/adr/0016)."""

_SCOPE = "https://www.googleapis.com/auth/pubsub"
_PATIENCE_SECONDS = 20
_ANSWER_SECONDS = 5
_EMPTY: Mapping[str, object] = {"keys": [], "pattern": "", "tags": [], "entity": "", "entityId": "", "version": 0}


class NotPublishedError(RuntimeError):
    """The topic has not taken an event: what it names stays stale until its time to live is over."""


@dataclass(frozen=True)
class Topic:
    """Where to publish: the topic's whole name and its API. `session` signs; by default the program's own account."""

    name: str
    api: str = API
    session: requests.Session | None = None


def invalidate(topic: Topic, kind: str, *, reason: str, source: str, **fields: str | int | Sequence[str]) -> str:
    """Publish an event and return its id; tried for 20 s, then NotPublishedError is raised.

    `fields` are those of infra/catalog/cache_invalidation.avsc that `kind` wants: keys, pattern, tags, or entity and
    entityId.
    """
    if unknown := set(fields) - set(_EMPTY):
        raise TypeError(f"no field of an event: {', '.join(sorted(unknown))}; there are {', '.join(_EMPTY)}")
    moment = time.time_ns() // 1000
    event = {"kind": kind, **_EMPTY, **fields, "reason": reason, "source": source, "timestamp": moment}
    data = base64.b64encode(json.dumps(event).encode()).decode()
    body = {"messages": [{"data": data}]}
    try:
        return _publish(topic.session or _SESSIONS.signed, f"{topic.api}/v1/{topic.name}:publish", body)
    except (requests.RequestException, GoogleAuthError) as error:
        raise NotPublishedError(f"{topic.name}: {error}") from error


class _PassingError(requests.RequestException):
    """A refusal that another try may not meet."""


@retry(
    retry=retry_if_exception_type((requests.ConnectionError, requests.Timeout, _PassingError)),
    stop=stop_after_delay(_PATIENCE_SECONDS),
    wait=wait_random_exponential(multiplier=0.1, max=2),
    reraise=True,
)
def _publish(session: requests.Session, address: str, body: Any) -> str:
    answer = session.post(address, json=body, timeout=_ANSWER_SECONDS)
    if answer.status_code in (429, 500, 502, 503, 504):
        raise _PassingError(f"{answer.status_code} {answer.reason}")
    answer.raise_for_status()
    [identity] = answer.json()["messageIds"]
    return str(identity)


class _Sessions(threading.local):
    """A session for each thread, which keeps its connection and its token."""

    @cached_property
    def signed(self) -> requests.Session:
        credentials, _ = google.auth.default(scopes=[_SCOPE])
        return AuthorizedSession(credentials)  # type: ignore[no-untyped-call] # its signature


_SESSIONS = _Sessions()
