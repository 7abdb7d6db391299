"""What an image of ours would hold, laid out without building it: its Dockerfile's files, its list's packages."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

_AS_IN_THE_IMAGE = """
import re
import sys
from importlib.machinery import PathFinder
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

def files_of(name):
    try:
        found = distribution(name)
    except PackageNotFoundError:  # of another system or Python
        return []
    return [str(found.locate_file(file)) for file in found.files]

INSTALLED = {folder for folder in map(Path, sys.path) if folder.name == "site-packages"}
LISTED = {file for name in sys.argv[1:] for file in files_of(name)}

class Refused:
    def find_spec(self, name, path=None, target=None):
        found = PathFinder.find_spec(name, path, target)
        place = found and found.has_location and Path(found.origin)
        if place and INSTALLED.intersection(place.parents) and str(place) not in LISTED:
            raise ModuleNotFoundError(f"{name} is not in the image", name=name)

sys.meta_path.insert(0, Refused())
"""


def _named(groups: Mapping[str, Any], group: str) -> Iterator[str]:
    """The packages that a group names, itself or by another one."""
    for one in groups[group]:
        if isinstance(one, str):
            yield re.split(r"[\[<>=]", one)[0]
        else:
            yield from _named(groups, one["include-group"])


@dataclass(frozen=True)
class Image:
    """An image: the folder of its Dockerfile and list, where it lays its files, and the group of its packages."""

    folder: Path
    place: str
    group: str

    @cached_property
    def dockerfile(self) -> str:
        """Its description."""
        return (self.folder / "Dockerfile").read_text(encoding="utf-8")

    @property
    def copies(self) -> list[tuple[str, str]]:
        """What is copied into it, and where to."""
        return re.findall(r"^COPY (?!--from)(\S+) (\S+)$", self.dockerfile, re.MULTILINE)

    @cached_property
    def listed(self) -> list[tuple[str, str, str]]:
        """Packages with version and hashes."""
        text = (self.folder / "requirements.txt").read_text(encoding="utf-8")
        form = r"^([\w.-]+)==(\S+)(?: ; [^\\\n]+)? \\\n((?:    --hash=\S+(?: \\)?\n)+)"
        return re.findall(form, text, re.MULTILINE)

    def wrong_packages(self) -> list[str]:
        """What of the group is missing, what is listed of Pulumi or otherwise than in the lock file, a line each."""
        lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
        locked: dict[str, Any] = {package["name"]: package for package in lock["package"]}
        groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
        names = {name for name, _, _ in self.listed}
        wrong = [f"{name} is not listed" for name in sorted(set(_named(groups, self.group)) - names)]
        wrong += [f"{name} is listed" for name in sorted(names) if name.startswith("pulumi")]
        for name, version, hashes in self.listed:
            package = locked[name]
            files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
            known = {file["hash"] for file in files}
            if package["version"] != version or not set(re.findall(r"--hash=(\S+)", hashes)) <= known:
                wrong.append(f"{name}: write requirements.txt again (pyproject.toml says how)")
        return wrong

    @property
    def bases(self) -> list[str]:
        """What each of its stages is built from."""
        return re.findall(r"^FROM (\S+)", self.dockerfile, re.MULTILINE)

    def not_sent(self) -> list[str]:
        """What it copies and the builder is not sent."""
        lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
        let_in = [line.removeprefix("!") for line in lines if line.startswith("!")]

        def is_sent(source: str) -> bool:
            return any(
                fnmatchcase(source.split("/", maxsplit=1)[0], pattern) or source == pattern for pattern in let_in
            )

        return [source for source, _ in self.copies if not is_sent(source)]

    def lay_out(self, target: Path) -> Path:
        """Put what the Dockerfile copies where it would lie, below a folder; returns that."""
        for source, place in self.copies:
            if not place.startswith(self.place):
                continue
            placed = target / place.removeprefix(self.place)
            for found in ROOT.glob(source):
                if found.is_dir():
                    shutil.copytree(found, placed, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    placed.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(found, placed)
        return target

    def run(self, laid_out: Path, program: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a program with the image's files and packages alone."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TRIPTRIP_")}
        return subprocess.run(  # noqa: S603 # our own program
            [sys.executable, "-c", _AS_IN_THE_IMAGE + program, *(name for name, _, _ in self.listed)],
            cwd=laid_out,
            env={**environment, "PYTHONSAFEPATH": "", "PYTHONPATH": str(laid_out), **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def command(self, laid_out: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m` a module with arguments."""
        program = f'import runpy; sys.argv = {list(words)!r}; runpy.run_module("{words[0]}", run_name="__main__")'
        return self.run(laid_out, program, **variables)


SCHEMA_IMAGE = Image(ROOT / "schema", "/opt/schema/", "schema")
RECOVERY_IMAGE = Image(ROOT / "ops" / "recovery", "/opt/recovery/", "recovery")
INVALIDATOR_IMAGE = Image(ROOT / "services" / "invalidator", "/opt/invalidator/", "invalidator")
