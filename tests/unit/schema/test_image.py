"""The image holds what is tested here, all that the command needs and nothing of Pulumi."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from infra.derive.schemas import variable
from schema.contents import contents
from schema.stores import StoreName

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = ROOT / "schema"
DOCKERFILE = (SCHEMA / "Dockerfile").read_text(encoding="utf-8")
COPIES = re.findall(r"^COPY (?!--from)(\S+) (\S+)$", DOCKERFILE, re.MULTILINE)

AS_IN_THE_IMAGE = """
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


def listed() -> list[tuple[str, str, str]]:
    text = (SCHEMA / "requirements.txt").read_text(encoding="utf-8")
    form = r"^([\w.-]+)==(\S+)(?: ; [^\\\n]+)? \\\n((?:    --hash=\S+(?: \\)?\n)+)"
    return re.findall(form, text, re.MULTILINE)


def test_its_packages_are_the_lock_files_hash_by_hash() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    locked = {package["name"]: package for package in lock["package"]}
    assert {"psycopg", "pymongo", "elasticsearch", "google-cloud-bigquery"} <= {name for name, _, _ in listed()}
    for name, version, hashes in listed():
        package = locked[name]
        files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        assert package["version"] == version, f"{name}: write requirements.txt again (docs/runbooks/schema.md)"
        assert set(re.findall(r"--hash=(\S+)", hashes)) <= {file["hash"] for file in files}


def test_every_package_that_the_group_names_is_listed_and_pulumi_is_not() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    wanted = {re.split(r"[\[<>=]", one)[0] for one in groups["schema"]}
    names = {name for name, _, _ in listed()}
    assert wanted <= names
    assert not [name for name in names if name.startswith("pulumi")]


def test_it_is_built_from_a_base_that_is_given_and_runs_without_rights() -> None:
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == ["${BASE}", "${BASE}"]
    assert "USER 65532:65532" in DOCKERFILE
    assert "--require-hashes" in DOCKERFILE


def test_whatever_it_copies_is_sent_to_the_builder() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    let_in = [line.removeprefix("!") for line in lines if line.startswith("!")]
    for source, _ in COPIES:
        assert any(fnmatchcase(source.split("/")[0], pattern) or source == pattern for pattern in let_in), source


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """What the Dockerfile copies, where it would lie."""
    for source, target in COPIES:
        if not target.startswith("/opt/schema/"):
            continue
        placed = tmp_path / target.removeprefix("/opt/schema/")
        for found in ROOT.glob(source):
            if found.is_dir():
                shutil.copytree(found, placed, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                placed.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(found, placed)
    return tmp_path


def run(image: Path, program: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRIPTRIP_")}
    return subprocess.run(  # noqa: S603 # our own program
        [sys.executable, "-c", AS_IN_THE_IMAGE + program, *(name for name, _, _ in listed())],
        cwd=image,
        env={**environment, "PYTHONSAFEPATH": "", "PYTHONPATH": str(image)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_starts_from_the_image_alone(image: Path) -> None:
    done = run(image, 'import runpy; sys.argv = ["schema", "--help"]; runpy.run_module("schema", run_name="__main__")')
    assert done.returncode == 0, done.stderr
    assert "apply" in done.stdout


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_environments_are_read_without_pulumi(image: Path, stack: str) -> None:
    program = f"""
from schema.kit import load_environment
import schema
environment = load_environment("{stack}")
print(schema.__file__, environment.plan.schemas.program, "pulumi" in sys.modules)
"""
    done = run(image, program)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(image / "schema" / "__init__.py"), "migration", "False"]


def test_what_is_not_listed_is_not_in_the_image(image: Path) -> None:
    """What the other tests rest on: the packages of development are hidden."""
    for module in ("pulumi", "pulumi_gcp", "pytest", "hypothesis"):
        done = run(image, f"import {module}")
        assert "ModuleNotFoundError" in done.stderr, module


def test_the_image_tells_the_same_contents_as_the_tree_that_it_was_built_of(image: Path) -> None:
    argv = 'sys.argv = ["schema", "contents", "--env", "prod"]'
    done = run(image, f'import runpy; {argv}; runpy.run_module("schema", run_name="__main__")')
    assert done.stdout.strip() == contents("prod"), done.stderr


@pytest.mark.parametrize("store", StoreName)
def test_a_store_that_is_nowhere_is_told_in_one_message(image: Path, store: StoreName) -> None:
    """The whole way to a store's own module, as a job goes it; what the store needs is in the image too."""
    argv = f'sys.argv = ["schema", "plan", "{store}", "--env", "prod"]'
    done = run(image, f'import runpy; {argv}; runpy.run_module("schema", run_name="__main__")')
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(f"environment variable {variable(store)}: is not set")
    assert "Traceback" not in done.stderr
