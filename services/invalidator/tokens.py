"""Who pushes: the identity token that Pub/Sub signs as the account of the subscription (Pub/Sub, authenticated push).

Cloud Run lets in that account alone; a service that was opened by mistake is held shut by this.
"""

import threading
import time
from collections.abc import Mapping
from typing import Any

import requests
from google.auth import jwt
from google.auth.exceptions import GoogleAuthError

_ISSUERS = ("https://accounts.google.com", "accounts.google.com")
_SKEW_SECONDS = 10
_KEEP_SECONDS = 3600
_LEAST_SECONDS = 60
_ANSWER_SECONDS = 5
_REMEMBERED = 100


class TokenError(RuntimeError):
    """A token that does not say who it should; nothing of it is in the message."""


class CertificatesError(RuntimeError):
    """Google's certificates cannot be had, so that nothing can be said of a token."""


class Tokens:
    """Checks tokens; those that were good are remembered, since Pub/Sub sends one for up to an hour."""

    def __init__(self, audience: str, account: str, certificates: str) -> None:
        self._audience = audience
        self._account = account
        self._address = certificates
        self._lock = threading.Lock()
        self._certificates: Mapping[str, str] = {}
        self._fetched = -float(_KEEP_SECONDS)
        self._good: dict[str, float] = {}

    def check(self, authorization: str) -> None:
        """Check the header of a request; raises TokenError, or CertificatesError."""
        token = authorization.removeprefix("Bearer ")
        if token == authorization:
            raise TokenError("no identity token")
        with self._lock:
            if self._good.get(token, 0) > time.time():
                return
            claims = self._claims(token)
            if claims.get("iss") not in _ISSUERS:
                raise TokenError("the token is of another issuer")
            if claims.get("email") != self._account or claims.get("email_verified") is not True:
                raise TokenError("the token is of another account")
            if len(self._good) >= _REMEMBERED:
                self._good.clear()
            self._good[token] = float(claims["exp"])

    def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            key = jwt.decode_header(token).get("kid")  # type: ignore[no-untyped-call] # google-auth has no types here
            claims: Mapping[str, Any] = jwt.decode(  # type: ignore[no-untyped-call] # as above
                token, certs=self._known(key), audience=self._audience, clock_skew_in_seconds=_SKEW_SECONDS
            )
        except (ValueError, GoogleAuthError) as error:
            raise TokenError("the token is not signed by Google for this service, or its time is over") from error
        return claims

    def _known(self, key: object) -> Mapping[str, str]:
        """The certificates, fetched anew when they are old or the key is new, but not for every token of nobody's."""
        age = time.monotonic() - self._fetched
        if age >= _KEEP_SECONDS or (key not in self._certificates and age >= _LEAST_SECONDS):
            try:
                answer = requests.get(self._address, timeout=_ANSWER_SECONDS)
                answer.raise_for_status()
                self._certificates = answer.json()
            except (requests.RequestException, ValueError) as error:
                raise CertificatesError(f"{self._address}: {type(error).__name__}") from error
            self._fetched = time.monotonic()
        return self._certificates
