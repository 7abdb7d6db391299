"""The router's command: a configuration that cannot be used is one clear line and exit code 2."""

import json
import socket
from pathlib import Path

import pytest

from services.pooler.__main__ import main
from tests.unit.services.pooler.examples import RAW


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"checkEvery": 0}, "checkEvery: Input should be greater than 0"),
        ({"services": []}, "services: Tuple should have at least 1 item"),
        ({"unknown": 1}, "unknown: Extra inputs are not permitted"),
        ({"port": None}, "port: Input should be a valid integer"),
    ],
)
def test_a_wrong_configuration_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, object], told: str
) -> None:
    file = tmp_path / "router.json"
    file.write_text(json.dumps(RAW | change), encoding="utf-8")
    assert main([str(file)]) == 2
    assert capsys.readouterr().err.startswith(f"{file}: {told}")


def test_a_missing_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.json")]) == 2
    assert "No such file" in capsys.readouterr().err


def test_a_taken_port_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        file = tmp_path / "router.json"
        file.write_text(json.dumps(RAW | {"statusPort": port}), encoding="utf-8")
        assert main([str(file)]) == 2
    assert f"127.0.0.1:{port}: Address already in use" in capsys.readouterr().err
