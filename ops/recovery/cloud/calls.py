"""One call to Google: tried again where that can help, and told in one message where it cannot.

What is worth a second try follows Google Cloud, "Retry strategy" and "Errors" of Cloud SQL's Admin API: 408, 429 and
5xx, cut connections and answers that never came. A call whose answer was lost may have been done: whoever calls looks
at what is there before asking again, and takes 409 as a reason to look.
"""

import http.client
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httplib2
import tenacity
from google.api_core.exceptions import GoogleAPICallError
from google.auth.exceptions import GoogleAuthError, TransportError
from googleapiclient.errors import HttpError

from ops.recovery.errors import RecoveryError

T = TypeVar("T")

_WORTH_IT = frozenset({408, 429, 500, 502, 503, 504})
_CONFLICT, _FORBIDDEN, _NOT_FOUND, _PRECONDITION = 409, 403, 404, 412
_LONGEST_WAIT = 60.0


@dataclass(frozen=True)
class Pace:
    """How calls are repeated and operations are looked at; seconds. Tests make all of it short.

    No single operation is waited for longer than a whole recovery may take (REC-FULL: up to 8 hours).
    """

    attempts: int = 6
    first_wait: float = 1.0
    poll: float = 2.0
    longest_poll: float = 15.0
    patience: float = 8 * 3600.0
    timeout: float = 60.0


class Waiting:
    """A wait for what the cloud does by itself: looked at less and less often, and given up in the end."""

    def __init__(self, where: str, pace: Pace) -> None:
        self._where = where
        self._deadline = time.monotonic() + pace.patience
        self._poll, self._longest = pace.poll, pace.longest_poll

    def pause(self, still: str) -> None:
        """Wait a little; raises RecoveryError, telling what is `still` so, when it has been too long."""
        if time.monotonic() > self._deadline:
            raise RecoveryError(self._where, still, fix="run the command again")
        time.sleep(self._poll)
        self._poll = min(self._poll * 1.5, self._longest)


class ConflictError(RecoveryError):
    """409: something of that name is there, or an operation is under way; `reason` is Google's."""

    def __init__(self, where: str, given: str, reason: str) -> None:
        super().__init__(where, given)
        self.reason = reason


class MissingError(RecoveryError):
    """404."""


class ChangedError(RecoveryError):
    """412: it is not what it was when it was read."""


def asked(what: str, call: Callable[[], T], pace: Pace) -> T:
    """The answer of a call; raises RecoveryError.

    It is a ConflictError, MissingError or ChangedError where a caller may do something about it.
    """
    try:
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(_is_worth_it),
            stop=tenacity.stop_after_attempt(pace.attempts),
            wait=_wait(pace),
            reraise=True,
        )(call)
    except (HttpError, GoogleAPICallError) as error:
        raise _told(what, error) from error
    except GoogleAuthError as error:
        fix = "gcloud auth application-default login, or run it as an account of the platform"
        raise RecoveryError(what, f"this machine has no account that Google knows: {error}", fix=fix) from None
    except _BROKEN as error:
        said = f"no answer after {pace.attempts} tries: {type(error).__name__}"
        raise RecoveryError(what, said, fix="run the command again: it goes on where it stopped") from error


_BROKEN = (OSError, http.client.HTTPException, httplib2.HttpLib2Error, ssl.SSLError)


def _status(error: BaseException) -> int | None:
    if isinstance(error, HttpError):
        return int(error.resp.status)
    if isinstance(error, GoogleAPICallError):
        return int(error.code) if error.code else None
    return None


def _is_worth_it(error: BaseException) -> bool:
    status = _status(error)
    if status is not None:
        return status in _WORTH_IT
    return isinstance(error, (*_BROKEN, TransportError))


def _wait(pace: Pace) -> Callable[[tenacity.RetryCallState], float]:
    usual = tenacity.wait_random_exponential(multiplier=pace.first_wait, max=_LONGEST_WAIT)

    def wait(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        told = error.resp.get("retry-after") if isinstance(error, HttpError) else None
        return min(float(told), _LONGEST_WAIT) if told and told.isdigit() else usual(state)

    return wait


def _told(what: str, error: Any) -> RecoveryError:
    status, (reason, message) = _status(error), _reason(error)
    given = f"Google answered {status}: {message}"
    if status == _CONFLICT:
        return ConflictError(what, given, reason)
    if status == _NOT_FOUND:
        return MissingError(what, given)
    if status == _PRECONDITION:
        return ChangedError(what, given)
    fix = "grant the account the role of docs/runbooks/recovery-postgres.md" if status == _FORBIDDEN else ""
    return RecoveryError(what, given, fix=fix)


def _reason(error: Any) -> tuple[str, str]:
    """Google's reason and message."""
    if not isinstance(error, HttpError):
        return "", str(error.message)
    try:
        body = json.loads(error.content)["error"]
        return str(body["errors"][0]["reason"]), str(body["message"])
    except (ValueError, KeyError, IndexError, TypeError):
        return "", str(error.reason)
