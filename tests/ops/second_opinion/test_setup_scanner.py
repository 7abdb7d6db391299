"""``sandbox/setup scanner`` in a copy of the tree, with a stand-in for uv on PATH."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PINS = "ops/second_opinion/requirements.txt"
READ: tuple[str, ...] = ("uv.lock", "pyproject.toml", "sdks/timescale/pyproject.toml", "sandbox/setup", PINS)
READ += ("sandbox/engine/bin/pulumi-language-python", "sandbox/engine/go.mod", "sandbox/engine/go.sum")

UV = """#!/bin/sh
[ "$1" = --version ] && { echo "uv 0.13.9"; exit; }
echo "uv $*" >> "$CALLS"
[ ! -e "$CALLS.broken" ] || { echo "dns error"; exit 1; }
for last; do :; done
[ "$1" = pip ] || { mkdir -p "$last/bin"; exit; }
while [ "$1" != --python ]; do shift; done
printf '#!/bin/sh\\n' > "$(dirname "$2")/checkov"; chmod +x "$(dirname "$2")/checkov"
"""


class Tree:
    def __init__(self, folder: Path) -> None:
        self.root, self.cache, self.calls = folder / "tree", folder / "cache", folder / "calls"
        for name in READ:
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)
        uv = folder / "tools" / "uv"
        uv.parent.mkdir()
        uv.write_text(UV)
        uv.chmod(0o755)
        self.environment = {
            **os.environ,
            "PATH": f"{uv.parent}:{os.environ['PATH']}",
            "TRIPTRIP_CACHE": str(self.cache),
            "CALLS": str(self.calls),
        }

    def scanner(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 # our own script
            [self.root / "sandbox/setup", "scanner"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_the_second_run_only_says_where_the_scanner_is(tree: Tree) -> None:
    first = tree.scanner()
    assert first.returncode == 0, first.stderr
    assert "checkov 3.3.30 is installed" in first.stderr
    path = Path(first.stdout.strip())
    assert path.is_relative_to(tree.cache)
    assert os.access(path, os.X_OK)
    assert (tree.root / ".sandbox/scanner.stamp").read_text() == first.stdout
    calls = tree.calls.read_text()
    assert f"--requirements {tree.root / PINS}" in calls
    shutil.rmtree(tree.root / ".sandbox")
    second = tree.scanner()
    assert (second.returncode, second.stdout, second.stderr) == (0, first.stdout, "")
    assert (tree.root / ".sandbox/scanner.stamp").read_text() == first.stdout
    assert tree.calls.read_text() == calls


def test_another_pin_is_another_environment(tree: Tree) -> None:
    first = tree.scanner().stdout
    pins = tree.root / PINS
    pins.write_text(pins.read_text().replace("checkov==3.3.30", "checkov==3.3.31"))
    second = tree.scanner().stdout
    assert second != first
    assert "checkov-3.3.31-" in second


def test_what_failed_leaves_nothing_behind_that_looks_whole(tree: Tree) -> None:
    broken = tree.calls.with_name("calls.broken")
    broken.touch()
    failed = tree.scanner()
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "dns error" in failed.stderr
    broken.unlink()
    assert tree.scanner().returncode == 0
