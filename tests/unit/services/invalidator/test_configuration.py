from pathlib import Path

import pytest

from services.invalidator.__main__ import main
from services.invalidator.configuration import Configuration, ConfigurationError

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
