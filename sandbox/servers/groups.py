"""The table of server groups, typed; a malformed row stops the program at the first read."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

FOLDER = Path(__file__).parent
LOCKS = FOLDER / "locks"


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Part(_Row):
    """One source of a group; the keys are explained in groups.yaml."""

    kind: Literal["npm", "pypi", "debian", "maven", "gcloud"]
    lock: str
    links: str | None = None
    links_from: str = "."
    inflates: Mapping[str, str] = {}
    copies: Mapping[str, str] = {}


class Program(_Row):
    """An executable of a part, paths inside that part; `libraries` are folders with colons between them."""

    part: str
    file: str
    loader: str | None = None
    libraries: str | None = None


class Group(_Row):
    """Servers that are installed together."""

    name: str
    what: str
    platform: str
    needs_root: bool
    parts: Mapping[str, Part]
    programs: Mapping[str, Program]


class Package(_Row):
    """A .deb file: `path` below a mirror's root, sizes in bytes."""

    path: str
    size: int
    sha256: str


class DebianLock(_Row):
    """The packages of one part, pinned; `snapshot` is a moment at which all of them were in the archive."""

    suite: str
    architecture: str
    snapshot: str
    wanted: tuple[str, ...]
    packages: Mapping[str, Package]


class Artifact(_Row):
    """One file of Maven Central: `path` below the repository's root, `into` the folder it goes to."""

    path: str
    sha256: str
    into: str


class JavaSources(_Row):
    """Sources of our own, a folder beside this file; the folders of archives they are compiled against."""

    sources: str
    compiled_against: tuple[str, ...]
    into: str


class MavenLock(_Row):
    """The artifacts of one part, pinned, and what is compiled beside them."""

    artifacts: tuple[Artifact, ...]
    java: JavaSources | None = None


@cache
def groups() -> Mapping[str, Group]:
    """Groups by name."""
    table = yaml.safe_load((FOLDER / "groups.yaml").read_text(encoding="utf-8"))
    return {name: Group(name=name, **row) for name, row in table.items()}


def debian_lock(name: str) -> DebianLock:
    """The lock of a Debian part."""
    return DebianLock(**yaml.safe_load((LOCKS / f"{name}.yaml").read_text(encoding="utf-8")))


def maven_lock(name: str) -> MavenLock:
    """The lock of a Maven part."""
    return MavenLock(**yaml.safe_load((LOCKS / f"{name}.yaml").read_text(encoding="utf-8")))


class GcloudLock(_Row):
    """One file of a Google Cloud SDK: a pattern below its root, what it is called here, and the package that brings it.

    Not pinned: Google's archive has the newest version of a component alone.
    """

    file: str
    name: str
    package: str


def gcloud_lock(name: str) -> GcloudLock:
    """The lock of a part that a Google Cloud SDK brings."""
    return GcloudLock(**yaml.safe_load((LOCKS / f"{name}.yaml").read_text(encoding="utf-8")))


def lock_files(part: Part) -> tuple[Path, ...]:
    """The files that pin a part, in a fixed order."""
    if part.kind == "npm":
        return LOCKS / part.lock / "package.json", LOCKS / part.lock / "package-lock.json"
    if part.kind == "maven":
        java = maven_lock(part.lock).java
        sources = (path for path in sorted((FOLDER / java.sources).rglob("*")) if path.is_file()) if java else ()
        return LOCKS / f"{part.lock}.yaml", *sources
    return (LOCKS / f"{part.lock}.{'txt' if part.kind == 'pypi' else 'yaml'}",)
