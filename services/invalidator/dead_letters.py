"""Putting a message aside for people: as it came, with why (docs/runbooks/invalidation.md)."""

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from services.invalidator.event import Message, PoisonError
from services.invalidator.google_api import ApiError, GoogleApi

_ATTEMPTS = 3
_LONGEST_DETAIL = 256
"""Bytes; Pub/Sub takes 1,024 in an attribute (Pub/Sub, quotas and limits)."""


class DeadLetters:
    """The dead-letter topic, which has no schema."""

    def __init__(self, api: GoogleApi, topic: str) -> None:
        self._api = api
        self._topic = topic

    def put(self, message: Message, poison: PoisonError) -> None:
        """Publish a message again with its reason; raises ApiError when the topic does not take it."""
        attributes = {
            # Those that Pub/Sub itself adds it takes from nobody else.
            **{name: value for name, value in message.attributes.items() if not name.lower().startswith("goog")},
            "reason": str(poison.reason),
            "detail": poison.detail.encode()[:_LONGEST_DETAIL].decode(errors="ignore"),
            "messageId": message.message_id,
            "publishTime": message.publish_time.isoformat(),
        }
        body = {"messages": [{"data": message.data, "attributes": attributes}]}
        attempts = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, ApiError) and error.is_passing),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.1, max=1),
            reraise=True,
        )
        attempts(self._api.post, f"v1/{self._topic}:publish", body)
