"""The checksum that ties an image to what it was built of."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.derive.schemas import variable
from schema import command
from schema.bigquery.connection import connect
from schema.bigquery.places import places
from schema.bigquery.warehouse import warehouse
from schema.contents import READ, check_contents, contents
from schema.elasticsearch.desired import desired
from schema.kit import Environment, SchemaError, load_environment
from schema.kit.files import ROOT
from schema.postgres.store import PostgresStore, bootstrap
from schema.stores import StoreName, open_store

STACK = "Pulumi.dev.yaml"
FILES = {
    "schema/postgres/migrations/0001_users.sql": "SELECT 1;\nSELECT 2;\n",
    "infra/platform.py": "WIRED = 1\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    shutil.copy(ROOT / STACK, tmp_path)
    return tmp_path


def write(name: str, content: bytes) -> Callable[[Path], None]:
    def change(tree: Path) -> None:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(content)

    return change


def replace(pattern: str, text: str) -> Callable[[Path], None]:
    def change(tree: Path) -> None:
        before = (tree / STACK).read_text(encoding="utf-8")
        after = re.sub(pattern, text, before)
        assert after != before
        (tree / STACK).write_text(after, encoding="utf-8")

    return change


def move(tree: Path) -> None:
    (tree / "schema/postgres/migrations/0001_users.sql").rename(tree / "schema/postgres/migrations/0001_people.sql")


@pytest.mark.parametrize(
    "change",
    [
        write("schema/postgres/migrations/0001_users.sql", b"SELECT 1;\nSELECT 3;\n"),
        write("schema/postgres/migrations/0002_trips.sql", b""),
        write("services/cache/functions/lock.lua", b""),
        move,
        replace("reportWorkMemory: 16 MB", "reportWorkMemory: 8 MB"),
        replace("(connections: 40\n *)role: write", r"\1role: read"),
        replace("gcpProject: triptrip-dev", "gcpProject: triptrip-dev2"),
    ],
)
def test_whatever_the_stores_are_filled_with_is_another_content(tree: Path, change: Callable[[Path], None]) -> None:
    before = contents("dev", tree)
    change(tree)
    assert contents("dev", tree) != before


@pytest.mark.parametrize(
    "change",
    [
        write("schema/postgres/migrations/0001_users.sql", b"SELECT 1;\r\nSELECT 2;\r\n"),
        write("schema/__pycache__/command.pyc", b"\0"),
        write("infra/platform.py", b"WIRED = 2\n"),
        write("services/pooler/router.py", b""),
        replace("schema@sha256:[0-9a-f]{64}", "schema@sha256:" + "ab" * 32),
        replace("contents: [0-9a-f]{64}", "contents: " + "ab" * 32),
        replace("maintainEvery: 15 minutes", "maintainEvery: 30 minutes"),
        replace("reportWorkMemory: 16 MB", "reportWorkMemory: 16 MB # a word about it"),
    ],
)
def test_what_is_no_part_of_it_or_says_the_same_is_none(tree: Path, change: Callable[[Path], None]) -> None:
    before = contents("dev", tree)
    change(tree)
    assert contents("dev", tree) == before


UNREACHABLE = {
    StoreName.POSTGRES: "postgresql://schema@127.0.0.1:9/triptrip",
    StoreName.TIMESCALE: "postgresql://schema@127.0.0.1:9/tsdb",
    StoreName.MONGODB: "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=10",
    StoreName.ELASTICSEARCH: "http://schema:word@127.0.0.1:9",
    StoreName.REDIS: "redis://:word@127.0.0.1:9/0",
}


IS_THERE = ("plan.timescale", "plan.cache")
"""Looked at for being there alone."""


class Watched:
    """A part of an environment that lets nobody read what the checksum leaves out."""

    def __init__(self, part: object, path: str) -> None:
        self._part, self._path = part, path

    def __getattr__(self, name: str) -> Any:  # stands in for any part
        path = f"{self._path}.{name}"
        if path in READ:
            return getattr(self._part, name)
        assert path in IS_THERE or any(each.startswith(f"{path}.") for each in READ), path
        part = getattr(self._part, name)
        return None if part is None else Watched(part, path)


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_stores_read_nothing_that_the_checksum_leaves_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = load_environment(name)
    parts: tuple[Any, Any] = (Watched(given.settings, "settings"), Watched(given.plan, "plan"))
    watched = Environment(name, *parts)
    for store, address in UNREACHABLE.items():
        monkeypatch.setenv(variable(store), address)
        with pytest.raises(SchemaError), open_store(store, watched) as opened:
            opened.steps()
    nobody: Any = None
    assert PostgresStore(nobody, watched.declared(watched.plan.postgres, "postgres"))
    assert bootstrap(watched) == bootstrap(given)
    assert desired(watched) == desired(given)
    assert warehouse(watched).definitions == warehouse(given).definitions
    assert places(watched) == places(given)
    monkeypatch.setenv(variable(StoreName.BIGQUERY), "http://127.0.0.1:9")
    assert connect(watched).project == given.plan.gcp_project


def test_a_stack_file_that_names_another_image_is_refused(tree: Path) -> None:
    with pytest.raises(SchemaError, match=r"schemas\.contents of Pulumi\.dev\.yaml: [0-9a-f]{64}: .*\n.*\n.*new image"):
        check_contents("dev", tree)
    found = contents("dev", tree)
    replace("contents: [0-9a-f]{64}", f"contents: {found}")(tree)
    assert check_contents("dev", tree) == found


def test_the_command_prints_it_and_fails_where_it_is_another() -> None:
    done = CliRunner().invoke(command.app, ["contents", "--env", "dev"])
    assert (done.exit_code, done.stdout) == (0, contents("dev") + "\n")
    refused = CliRunner().invoke(command.app, ["contents", "--env", "nowhere", "--check"])
    assert refused.exit_code == 2
    assert "nowhere has no stack file" in refused.stderr
