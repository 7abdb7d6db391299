import base64
from typing import Any

import pytest
import requests

from schema.kit import SchemaError
from schema.kit.secret_manager import SecretManager

PAYLOAD = "told-to-nobody"


class Session:
    """Secret Manager's answers, one after the other, and what was asked."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, Any]] = []

    def request(self, method: str, address: str, json: Any, timeout: float) -> requests.Response:
        assert timeout
        self.asked.append((method, address, json))
        status, body = self.answers.pop(0)
        if isinstance(body, Exception):
            raise body
        made = requests.Response()
        made.status_code = status
        made.json = lambda **_: body  # type: ignore[method-assign] # a response without a connection
        return made


def manager(monkeypatch: pytest.MonkeyPatch, *answers: tuple[int, Any]) -> tuple[SecretManager, Session]:
    session, made = Session(*answers), SecretManager("triptrip-dev")
    monkeypatch.setattr(made, "_connected", lambda: session)
    return made, session


def encoded(text: str) -> dict[str, Any]:
    return {"payload": {"data": base64.b64encode(text.encode()).decode()}}


def version(number: int, state: str = "ENABLED") -> dict[str, Any]:
    return {"name": f"projects/1/secrets/one/versions/{number}", "state": state}


def test_the_latest_version_is_told_by_its_number_and_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets, session = manager(monkeypatch, (200, version(3)))
    assert secrets.latest("one") == "3"
    address = "https://secretmanager.googleapis.com/v1/projects/triptrip-dev/secrets/one/versions/latest"
    assert session.asked == [("GET", address, None)]


@pytest.mark.parametrize("answer", [(404, {}), (200, version(3, "DISABLED")), (200, version(3, "DESTROYED"))])
def test_a_secret_without_a_version_in_force_has_none(monkeypatch: pytest.MonkeyPatch, answer: tuple[int, Any]) -> None:
    secrets, _ = manager(monkeypatch, answer)
    assert secrets.latest("one") is None


def test_a_version_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets, session = manager(monkeypatch, (200, version(4)))
    assert secrets.add_version("one", PAYLOAD) == "4"
    ((method, address, body),) = session.asked
    assert (method, address.rpartition("/")[2], body) == ("POST", "one:addVersion", encoded(PAYLOAD))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((404, {}), "does not exist"),
        ((403, {}), "is refused"),
        ((500, {}), "answered 500"),
        ((0, requests.ConnectionError(PAYLOAD)), "cannot be asked: ConnectionError"),
    ],
)
def test_what_fails_is_told_without_the_payload(
    monkeypatch: pytest.MonkeyPatch, answer: tuple[int, Any], told: str
) -> None:
    secrets, _ = manager(monkeypatch, answer)
    with pytest.raises(SchemaError, match=told) as refused:
        secrets.add_version("one", PAYLOAD)
    assert PAYLOAD not in str(refused.value)


def test_an_endpoint_that_is_not_encrypted_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIPTRIP_SECRET_MANAGER_ENDPOINT", "http://secrets.example")
    with pytest.raises(SchemaError, match="is no https address"):
        SecretManager("triptrip-dev").latest("one")
