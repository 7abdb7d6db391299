"""The worker over HTTP: POST / is what Pub/Sub pushes to, beside it health and metrics."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from prometheus_client import CONTENT_TYPE_LATEST
from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from services.invalidator.configuration import Configuration
from services.invalidator.dead_letters import DeadLetters
from services.invalidator.event import EnvelopeError, Event, Message, PoisonError, read_push
from services.invalidator.google_api import ApiError, GoogleApi
from services.invalidator.metrics import Metrics
from services.invalidator.purge import purge_of
from services.invalidator.store import connect
from services.invalidator.tokens import CertificatesError, TokenError, Tokens
from services.invalidator.worker import Asked, Worker

_LARGEST_BODY = 16 * 2**20
"""Bytes; a message of 10 MB is 13.4 MB in base64 (Pub/Sub, quotas and limits)."""

_LONGEST_TOLD = 200
"""Characters of an event's text in the log."""

_LOG = logging.getLogger("invalidator")


class _AnsweredError(Exception):
    """A request that ends here."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.response = PlainTextResponse(f"{text}\n", status)


class Endpoints:
    """What is answered. `stop` lets no further event in; Pub/Sub brings it to another worker, or again."""

    def __init__(self, configuration: Configuration, worker: Worker, metrics: Metrics) -> None:
        self._configuration = configuration
        self._worker = worker
        self._metrics = metrics
        self._dead_letters = DeadLetters(GoogleApi(configuration.pubsub_api), configuration.dead_letter_topic)
        self._tokens = (
            Tokens(configuration.push_audience, configuration.push_account, configuration.token_certificates)
            if configuration.push_account
            else None
        )
        self._probe = connect(configuration)
        self._in_hand = 0
        self._is_stopping = False

    def stop(self) -> None:
        """Take no further event."""
        self._is_stopping = True

    def application(self) -> Starlette:
        """All routes."""
        return Starlette(
            routes=[
                Route("/", self._push, methods=["POST"]),
                Route("/healthz", self._alive),
                Route("/readyz", self._ready),
                Route("/metrics", self._show),
            ]
        )

    async def _push(self, request: Request) -> Response:
        try:
            # Read before anything is said: a client that is answered while it still sends takes that for a broken line.
            content = await _content(request)
            async with self._hand():
                await self._authenticate(request)
                await self._handle(_message(content))
        except _AnsweredError as error:
            return error.response
        return Response(status_code=204)

    @contextlib.asynccontextmanager
    async def _hand(self) -> AsyncIterator[None]:
        """Hold one event; more than the worker bears are told to come again, which slows Pub/Sub down."""
        if self._is_stopping:
            raise _AnsweredError(503, "stopping")
        if self._in_hand >= self._configuration.in_hand:
            self._metrics.event("unknown", "turned_away")
            raise _AnsweredError(429, "too many events at once")
        self._in_hand += 1
        self._metrics.in_hand(self._in_hand)
        try:
            yield
        finally:
            self._in_hand -= 1
            self._metrics.in_hand(self._in_hand)

    async def _authenticate(self, request: Request) -> None:
        if self._tokens is None:
            return
        try:
            await run_in_threadpool(self._tokens.check, request.headers.get("authorization", ""))
        except TokenError as error:
            _LOG.warning("a push is refused", extra={"error": str(error)})
            raise _AnsweredError(401, "no identity token of the account that pushes") from error
        except CertificatesError as error:
            _LOG.error("no push can be judged", extra={"error": str(error)})
            raise _AnsweredError(503, "no certificates to judge the identity token by") from error

    async def _handle(self, message: Message) -> None:
        kind = "unknown"
        try:
            event = message.event()
            kind = event.kind
            purge = purge_of(event)
        except PoisonError as poison:
            await self._put_aside(message, poison)
            self._metrics.event(kind, "put_aside")
            return
        _LOG.debug("event", extra={**_about(message, event), "waitsFor": len(purge.tags) + len(purge.keys)})
        done = asyncio.wrap_future(self._worker.ask(Asked(purge, message.published)))
        try:
            await asyncio.wait_for(done, self._configuration.request_seconds)
        except Exception as error:  # whatever it is, the event comes again
            self._metrics.event(event.kind, "failed")
            _LOG.warning("an event is not purged yet", extra={**_about(message, event), "error": _said(error)})
            raise _AnsweredError(503, "not purged yet") from error
        self._metrics.event(event.kind, "purged")

    async def _put_aside(self, message: Message, poison: PoisonError) -> None:
        """Acknowledge a message once the dead-letter topic has it."""
        try:
            await run_in_threadpool(self._dead_letters.put, message, poison)
        except ApiError as error:
            _LOG.error("a message cannot be put aside", extra={"messageId": message.message_id, "error": str(error)})
            raise _AnsweredError(503, "not put aside yet") from error
        self._metrics.dead_letter(str(poison.reason))
        _LOG.warning("a message is put aside", extra={"messageId": message.message_id, "reason": poison.reason})

    async def _alive(self, _: Request) -> Response:
        """Whether the worker's threads are there; Redis does not matter, a new worker would find none either."""
        alive = self._worker.is_alive
        return PlainTextResponse("ok\n" if alive else "a thread has ended\n", 200 if alive else 503)

    async def _ready(self, _: Request) -> Response:
        if self._is_stopping:
            return PlainTextResponse("stopping\n", 503)
        try:
            await run_in_threadpool(self._probe.ping)
        except RedisError as error:
            return PlainTextResponse(f"Redis: {_said(error)}\n", 503)
        return PlainTextResponse("ok\n")

    async def _show(self, _: Request) -> Response:
        return Response(self._metrics.text(), media_type=CONTENT_TYPE_LATEST)


async def _content(request: Request) -> bytes:
    content = bytearray()
    try:
        async for part in request.stream():
            content += part
            if len(content) > _LARGEST_BODY:
                raise _AnsweredError(413, f"more than {_LARGEST_BODY} bytes")
    except ClientDisconnect as error:
        raise _AnsweredError(400, "cut off") from error
    return bytes(content)


def _message(content: bytes) -> Message:
    try:
        return read_push(content)
    except EnvelopeError as error:
        raise _AnsweredError(400, f"no push of Pub/Sub: {error}") from error


def _about(message: Message, event: Event) -> dict[str, str]:
    """What a line says of an event; keys and tags may name persons."""
    told = {"source": event.source[:_LONGEST_TOLD], "reason": event.reason[:_LONGEST_TOLD]}
    return {"messageId": message.message_id, "kind": event.kind, **told}


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")
