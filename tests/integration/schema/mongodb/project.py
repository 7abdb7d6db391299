"""A copy of the project whose command tests run, so that they may edit its files."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from pymongo.database import Database

from schema.mongodb.store import MongodbStore

ROOT = Path(__file__).resolve().parents[4]
DATABASE = "triptrip"
"""As in Pulumi.dev.yaml."""


@dataclass
class Done:
    """What a command did."""

    status: int
    out: str
    err: str


@dataclass
class Project:
    folder: Path
    uri: str

    @property
    def port(self) -> int:
        return urlsplit(self.uri).port or 27017

    @property
    def collections(self) -> Path:
        return self.folder / "schema" / "mongodb" / "collections"

    @property
    def migrations(self) -> Path:
        return self.folder / "schema" / "mongodb" / "migrations"

    def store(self, database: Database[Mapping[str, Any]], user: str = "test") -> MongodbStore:
        return MongodbStore(database, user, self.collections, self.migrations)

    def read(self, collection: str) -> dict[str, Any]:
        content: dict[str, Any] = yaml.safe_load((self.collections / f"{collection}.yaml").read_text(encoding="utf-8"))
        return content

    def write(self, collection: str, content: Mapping[str, Any]) -> None:
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        (self.collections / f"{collection}.yaml").write_text(text, encoding="utf-8")

    def keep(self, *collections: str) -> None:
        """Remove all other files, for tests in which every step costs time."""
        for file in self.collections.glob("*.yaml"):
            if file.stem not in collections:
                file.unlink()

    def start(self, *words: str, uri: str | None = None) -> subprocess.Popen[str]:
        """Begin `python -m schema WORDS` against the server, or what stands before it."""
        return subprocess.Popen(  # noqa: S603 # our own command
            [sys.executable, "-m", "schema", *words],
            cwd=self.folder,
            env={**os.environ, "TRIPTRIP_SCHEMA_MONGODB": uri or self.uri, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def schema(self, verb: str, *words: str, uri: str | None = None) -> Done:
        """Run a command for dev to its end."""
        return ended(self.start(verb, "mongodb", "--env", "dev", *words, uri=uri))


def ended(process: subprocess.Popen[str]) -> Done:
    out, err = process.communicate(timeout=120)
    return Done(process.returncode, out, err)


def copied(folder: Path, uri: str) -> Project:
    """The schema's part of the project, without the text index that the stand-in does not know."""
    ignored: Sequence[str] = ("__pycache__", ".mypy_cache")
    for part in ("schema", "infra"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns(*ignored))
    for file in ROOT.glob("Pulumi*.yaml"):
        shutil.copy(file, folder)
    project = Project(folder, uri)
    reviews = project.read("reviews")
    del reviews["indexes"]["all_text"]
    project.write("reviews", reviews)
    return project
