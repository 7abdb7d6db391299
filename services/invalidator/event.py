"""A pushed message and its event (infra/catalog/cache_invalidation.avsc); what can never be acted on is poison."""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Reason(StrEnum):
    """Why a message is put aside; a label of the metrics, so there are few."""

    NO_EVENT = "no-event"
    NOTHING_NAMED = "nothing-named"
    NOT_CACHED = "not-cached"
    BAD_PATTERN = "bad-pattern"
    BAD_PATH = "bad-path"
    BAD_TAG = "bad-tag"


class PoisonError(Exception):
    """A message that no further delivery makes usable."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class EnvelopeError(ValueError):
    """What was posted is no push of Pub/Sub: there is no message that could be put aside."""


class Message(BaseModel):
    """The message as Pub/Sub pushes it (REST reference, PubsubMessage); `data` is base64."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)

    message_id: Annotated[str, Field(min_length=1)]
    publish_time: AwareDatetime
    data: str = ""
    attributes: Mapping[str, str] = {}

    @property
    def published(self) -> int:
        """When Pub/Sub took it: microseconds since 1970."""
        since = self.publish_time - _EPOCH
        return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds

    def event(self) -> "Event":
        """The event in it; raises PoisonError."""
        try:
            return Event.model_validate_json(base64.b64decode(self.data, validate=True))
        except binascii.Error as error:
            raise PoisonError(Reason.NO_EVENT, "data is not base64") from error
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'data'}: {one['msg']}" for one in error.errors())
            raise PoisonError(Reason.NO_EVENT, faults) from error


class _Envelope(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    message: Message


def read_push(content: bytes) -> Message:
    """The message of a push request's body; raises EnvelopeError."""
    try:
        return _Envelope.model_validate_json(content).message
    except ValidationError as error:
        [first, *_] = error.errors()
        raise EnvelopeError(f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}") from error


Kind = Literal["single", "pattern", "tag", "entity"]
_Word = Annotated[str, Field(min_length=1)]


class Event(BaseModel):
    """The event's fields, which the schema explains; fields of a later revision are no fault."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, strict=True)

    kind: Kind
    keys: tuple[_Word, ...] = ()
    pattern: str = ""
    tags: tuple[_Word, ...] = ()
    entity: str = ""
    entity_id: str = ""
    version: int = 0
    reason: str
    source: str
    timestamp: int
