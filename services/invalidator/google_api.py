"""The two calls to Google's REST APIs: a purge of the CDN, and a message to the dead-letter topic.

Their client libraries would be a hundred megabytes for two requests; google-auth signs them and renews the token.
"""

import threading
from collections.abc import Mapping
from typing import Any

import google.auth
import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_ANSWER_SECONDS = 10
_OK = 200
_THROTTLED = 429
_PASSING = (408, _THROTTLED, 500, 502, 503, 504)
_THROTTLED_REASONS = {"rateLimitExceeded", "quotaExceeded"}
"""Compute Engine says 403 for a rate that is exceeded (Compute Engine, API rate quotas)."""


class ApiError(RuntimeError):
    """A refusal, or no answer: its status (0: none), Google's reasons, and after how many seconds to try again."""

    def __init__(
        self, message: str, status: int = 0, reasons: frozenset[str] = frozenset(), retry_after: float = 0
    ) -> None:
        super().__init__(message)
        self.status = status
        self.is_throttled = status == _THROTTLED or bool(reasons & _THROTTLED_REASONS)
        self.is_passing = not status or status in _PASSING or self.is_throttled
        self.retry_after = retry_after


class GoogleApi:
    """One API by its address; tokens go over https alone, a simulated API on http gets none. One request at a time."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._session: requests.Session | None = None

    def post(self, path: str, body: Mapping[str, Any], query: Mapping[str, str] | None = None) -> Any:
        """Send JSON and return the answer's; raises ApiError."""
        with self._lock:
            try:
                answer = self._signed().post(
                    f"{self._address}/{path}", json=body, params=query, timeout=_ANSWER_SECONDS, allow_redirects=False
                )
            except (requests.RequestException, GoogleAuthError) as error:
                raise ApiError(f"{path}: {type(error).__name__}") from error
        if answer.status_code != _OK:
            raise _refusal(path, answer)
        return answer.json()

    def _signed(self) -> requests.Session:
        if self._session is None:
            if self._address.startswith("https://"):
                credentials, _ = google.auth.default(scopes=[_SCOPE])
                self._session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call] # it has no types
            else:
                self._session = requests.Session()
        return self._session


def _refusal(path: str, answer: requests.Response) -> ApiError:
    try:
        error = answer.json()["error"]
        said, reasons = error["message"], frozenset(one.get("reason", "") for one in error.get("errors", ()))
    except (ValueError, KeyError, TypeError, AttributeError):
        said, reasons = answer.reason, frozenset()
    after = answer.headers.get("Retry-After", "")
    told = float(after) if after.isdigit() else 0
    return ApiError(f"{path}: {answer.status_code} {said}", answer.status_code, reasons, told)
