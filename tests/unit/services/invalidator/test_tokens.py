"""Identity tokens, signed here by keys of our own that a server shows as Google shows its."""

import datetime as dt
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import crypt, jwt

from sandbox.loopback import LoopbackHandler, LoopbackServer
from services.invalidator.tokens import CertificatesError, TokenError, Tokens

AUDIENCE, ACCOUNT = "https://invalidator.test.internal", "pusher@triptrip-test.iam.gserviceaccount.com"
CLAIMS = {"iss": "https://accounts.google.com", "aud": AUDIENCE, "email": ACCOUNT, "email_verified": True}


class Certificates(LoopbackServer):
    """What Google's page of certificates is: PEM by key id."""

    def __init__(self) -> None:
        super().__init__(_Handler)
        self.shown: dict[str, str] = {}
        self.asked = 0


class _Handler(LoopbackHandler):
    owner: ClassVar[Certificates]

    def work(self) -> None:
        self.owner.asked += 1
        self.send(200, json.dumps(self.owner.shown).encode(), {"Content-Type": "application/json"})


class Key:
    """A key with its certificate."""

    def __init__(self, name: str) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        now = dt.datetime.now(dt.UTC)
        built = x509.CertificateBuilder(subject, subject, key.public_key(), 1, now, now + dt.timedelta(days=1))
        self.certificate = built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        self._signer = crypt.RSASigner.from_string(private, name)  # type: ignore[no-untyped-call] # it has no types

    def token(self, **claims: Any) -> str:
        now = int(time.time())
        told: Mapping[str, Any] = {**CLAIMS, "iat": now, "exp": now + 3600, **claims}
        return f"Bearer {jwt.encode(self._signer, told).decode()}"  # type: ignore[no-untyped-call] # as above


@pytest.fixture(scope="module")
def key() -> Key:
    return Key("one")


@pytest.fixture(scope="module")
def other() -> Key:
    return Key("two")


@pytest.fixture
def shown(key: Key) -> Iterator[Certificates]:
    with Certificates() as made:
        made.shown["one"] = key.certificate
        yield made


@pytest.fixture
def tokens(shown: Certificates) -> Tokens:
    return Tokens(AUDIENCE, ACCOUNT, shown.url)


def test_the_subscriptions_account_may_push_and_is_judged_once(tokens: Tokens, key: Key, shown: Certificates) -> None:
    token = key.token()
    for _ in range(3):
        tokens.check(token)
    tokens.check(key.token(iat=int(time.time()) - 5))
    assert shown.asked == 1


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "somebody@triptrip-test.iam.gserviceaccount.com"},
        {"email_verified": False},
        {"aud": "https://other.test.internal"},
        {"iss": "https://example.com"},
        {"exp": int(time.time()) - 60, "iat": int(time.time()) - 120},
    ],
    ids=["account", "not verified", "audience", "issuer", "over"],
)
def test_a_token_that_says_something_else_is_refused(tokens: Tokens, key: Key, claims: dict[str, Any]) -> None:
    with pytest.raises(TokenError) as refused:
        tokens.check(key.token(**claims))
    assert "eyJ" not in str(refused.value)


def test_a_token_of_anothers_key_is_refused_and_asks_google_once(
    tokens: Tokens, other: Key, key: Key, shown: Certificates
) -> None:
    for _ in range(3):
        with pytest.raises(TokenError):
            tokens.check(other.token())
    tokens.check(key.token())
    assert shown.asked == 1


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer x.y.z", "Basic eyJ", "Bearer eyJhbGciOiJub25lIn0.e30."])
def test_no_token_is_refused(tokens: Tokens, header: str) -> None:
    with pytest.raises(TokenError):
        tokens.check(header)


def test_without_certificates_nothing_is_judged(key: Key) -> None:
    with Certificates() as gone:
        address = gone.url
    with pytest.raises(CertificatesError):
        Tokens(AUDIENCE, ACCOUNT, address).check(key.token())
