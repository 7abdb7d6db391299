from pathlib import Path
from typing import Any

import pytest

from infra.derive.platform import derive
from services.invalidator.__main__ import main
from services.invalidator.configuration import Configuration, ConfigurationError
from tests.stacks import VALKEY, settings_of

LEAST = {"REDIS_HOST": "10.0.0.3", "DEAD_LETTER_TOPIC": "projects/p/topics/dead"}
PEM = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n"


def test_the_least_that_it_wants_is_a_cache_and_a_dead_letter_topic() -> None:
    read = Configuration.read({**LEAST, "CDN_URL_MAP": "", "PATH": "/bin"})
    assert (read.redis_port, read.cdn_url_map, read.redis_replicas) == (6379, "", 1)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"REDIS_HOST": ""}, "REDIS_HOST: Field required"),
        ({"DEAD_LETTER_TOPIC": "dead"}, "DEAD_LETTER_TOPIC: String should match"),
        ({"PORT": "http"}, "PORT: Input should be a valid integer"),
        ({"IN_HAND": "0"}, "IN_HAND: Input should be greater than 0"),
        ({"CDN_URL_MAP": "api"}, "CDN_URL_MAP wants CDN_PROJECT"),
        ({"PUSH_ACCOUNT": "a@b"}, "PUSH_AUDIENCE and PUSH_ACCOUNT are given together"),
        ({"REDIS_CA": "/nowhere/ca.pem"}, "REDIS_CA: "),
        ({"REDIS_SIGN_IN": "token"}, "REDIS_SIGN_IN: Input should be 'password' or 'iam'"),
    ],
)
def test_every_fault_is_told_by_its_variable(change: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Configuration.read({**LEAST, **change})
    assert told in str(refused.value)


def test_all_faults_at_once_and_no_secret() -> None:
    with pytest.raises(ConfigurationError) as refused:
        Configuration.read({"REDIS_AUTH": "tops3cret", "PORT": "0"})
    assert "tops3cret" not in str(refused.value)
    for name in ("REDIS_HOST", "DEAD_LETTER_TOPIC", "PORT"):
        assert name in str(refused.value)
    assert "tops3cret" not in repr(Configuration.read({**LEAST, "REDIS_AUTH": "tops3cret"}))


@pytest.mark.parametrize(("stack", "over"), [("dev", {}), ("prod", {}), ("prod", VALKEY), ("prod", {"cdn": None})])
def test_it_reads_all_that_the_platform_declares_on_its_service(stack: str, over: dict[str, Any]) -> None:
    bus = derive(settings_of(stack, over)).invalidation
    assert bus is not None
    assert bus.service is not None
    # The component adds what only the cache itself tells; the file of the authority is mounted where the service runs.
    added = {"REDIS_PORT": "6378", "REDIS_CA": PEM, **dict.fromkeys(bus.service.secrets, "word")}
    declared = {**bus.service.variables, **added}
    assert {name.lower() for name in declared} <= set(Configuration.model_fields)
    read = Configuration.read(declared)
    assert (read.redis_host, read.in_hand) == (declared["REDIS_HOST"], bus.service.events_at_once)
    assert (read.redis_sign_in == "iam") is ("REDIS_AUTH" not in bus.service.secrets)
    assert bool(read.cdn_url_map) is (bus.service.role is not None)


def test_authorities_are_a_file_or_themselves(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text(PEM, encoding="ascii")
    assert Configuration.read({**LEAST, "REDIS_CA": str(file)}).authorities == PEM
    assert Configuration.read({**LEAST, "REDIS_CA": PEM}).authorities == PEM


def test_the_command_ends_with_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("REDIS_HOST", raising=False)
    monkeypatch.delenv("DEAD_LETTER_TOPIC", raising=False)
    assert main() == 2
    told = capsys.readouterr().err
    assert told.startswith("the environment cannot be used: REDIS_HOST: Field required")
    assert told.count("\n") == 1
