"""``sandbox/setup`` run in a copy of the tree with stand-ins for uv, Go and Pulumi on PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
PACKAGES = ("uv.lock", "pyproject.toml", "sdks/timescale/pyproject.toml")
SYSTEM_TOOLS: tuple[str, ...] = ("awk", "bash", "cat", "chmod", "cut", "dirname", "env", "flock", "git", "install")
SYSTEM_TOOLS += ("ln", "ls", "mkdir", "mkfifo", "mv", "readlink", "rm", "sed", "sh", "sleep", "tail")

UV = """#!/bin/sh
[ "$1" = --version ] && { echo "uv 0.13.9"; exit; }
echo "uv $*" >> "$CALLS"
mkdir -p "$TREE/.venv/bin"; ln -sf /bin/true "$TREE/.venv/bin/python"
"""
GO = """#!/bin/sh
[ "$1" = env ] && { echo go1.26.0; exit; }
echo "go GOFLAGS=$GOFLAGS CGO=$CGO_ENABLED" >> "$CALLS"
echo some/package
[ ! -e "$TREE/broken" ] || { echo "dial tcp: no route to host"; exit 1; }
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\n' > "$2"; chmod +x "$2"
"""


class Tree:
    """A copy of what set-up reads, with a PATH that holds only system tools and stand-ins."""

    def __init__(self, folder: Path) -> None:
        self.root, self.tools, self.cache = folder / "tree", folder / "tools", folder / "cache"
        self.calls = folder / "calls"
        self.calls.touch()
        for name in (*PACKAGES, "sandbox/setup", "sandbox/engine/bin/pulumi-language-python"):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)
        for name in ("go.mod", "go.sum"):
            shutil.copy(ROOT / "sandbox/engine" / name, self.root / "sandbox/engine" / name)
        self.tools.mkdir()
        for tool in SYSTEM_TOOLS:
            if found := shutil.which(tool):
                (self.tools / tool).symlink_to(found)
        (self.tools / "python3").symlink_to(sys.executable)
        self.tool("uv", UV)
        self.tool("go", GO)

    def tool(self, name: str, script: str) -> None:
        (self.tools / name).unlink(missing_ok=True)
        (self.tools / name).write_text(script)
        (self.tools / name).chmod(0o755)

    def pulumi(self, version: str, *, language_host: bool) -> None:
        self.tool("pulumi", f"#!/bin/sh\necho {version}\n")
        if language_host:
            self.tool("pulumi-language-python", "#!/bin/sh\n")

    def setup(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        variables = {"CALLS": self.calls, "TREE": self.root, "TRIPTRIP_CACHE": self.cache, "GOFLAGS": "-mod=vendor"}
        return subprocess.run(  # noqa: S603  (our own script)
            [self.root / "sandbox/setup", *arguments],
            env={"PATH": str(self.tools), "HOME": os.environ["HOME"]} | {key: str(it) for key, it in variables.items()},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def engine(self) -> list[str]:
        return (self.root / ".sandbox/engine.stamp").read_text().splitlines()[1:]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_the_second_run_does_and_says_nothing(tree: Tree) -> None:
    first = tree.setup()
    assert first.returncode == 0, first.stderr
    assert "Python packages of uv.lock are installed" in first.stderr
    assert "the Pulumi engine v3.250.0 is built once" in first.stderr
    calls = tree.calls.read_text()
    second = tree.setup()
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert tree.calls.read_text() == calls


def test_the_engine_is_built_from_its_module_whatever_the_users_go_flags(tree: Tree) -> None:
    assert tree.setup("engine").returncode == 0
    assert tree.calls.read_text() == "go GOFLAGS=-mod=readonly -buildvcs=false CGO=0\n"
    pulumi, host = tree.engine
    assert Path(pulumi).is_relative_to(tree.cache)
    assert host == "sandbox"
    assert os.access(Path(pulumi).with_name("pulumi-language-python"), os.X_OK)


@pytest.mark.parametrize("name", PACKAGES)
def test_changed_packages_are_installed_again(tree: Tree, name: str) -> None:
    tree.setup("python")
    with (tree.root / name).open("a") as file:
        file.write("\n")
    assert "Python packages" in tree.setup("python").stderr
    assert tree.calls.read_text().count("uv sync") == 2


def test_a_changed_engine_module_builds_another_engine(tree: Tree) -> None:
    tree.setup("engine")
    before = tree.engine
    with (tree.root / "sandbox/engine/go.sum").open("a") as file:
        file.write("\n")
    tree.setup("engine")
    assert tree.engine != before
    assert Path(before[0]).exists()


def test_a_lost_cache_is_made_again(tree: Tree) -> None:
    tree.setup("engine")
    shutil.rmtree(tree.cache)
    assert "is built once" in tree.setup("engine").stderr


@pytest.mark.parametrize("version", ["v3.250.0", "v3.250.1-alpha.2", "v3.1000.0", "v4.0.0"])
def test_a_whole_distribution_on_path_is_used(tree: Tree, version: str) -> None:
    tree.pulumi(version, language_host=True)
    assert tree.setup("engine").returncode == 0
    assert tree.engine == [str(tree.tools / "pulumi"), "official"]
    assert tree.calls.read_text() == ""


@pytest.mark.parametrize(
    ("version", "language_host"), [("v3.249.9", True), ("v3.250.0", False), ("broken", True), ("v2.999.0", True)]
)
def test_any_other_pulumi_on_path_is_not(tree: Tree, version: str, language_host: bool) -> None:
    tree.pulumi(version, language_host=language_host)
    assert tree.setup("engine").returncode == 0
    assert tree.engine[1] == "sandbox"


def test_our_own_command_on_path_is_no_engine(tree: Tree) -> None:
    shutil.copy(ROOT / "sandbox/pulumi", tree.root / "sandbox/pulumi")
    (tree.tools / "pulumi").symlink_to(tree.root / "sandbox/pulumi")
    (tree.tools / "pulumi-language-python").symlink_to("/bin/true")
    assert tree.setup("engine").returncode == 0
    assert tree.engine[1] == "sandbox"


def test_a_pulumi_that_appears_or_changes_is_looked_at_again(tree: Tree) -> None:
    tree.setup("engine")
    tree.pulumi("v3.251.0", language_host=True)
    tree.setup("engine")
    assert tree.engine[1] == "official"
    tree.pulumi("v3.20.0", language_host=True)
    tree.setup("engine")
    assert tree.engine[1] == "sandbox"


def test_a_failed_build_shows_its_end_and_the_way_out_and_leaves_nothing(tree: Tree) -> None:
    (tree.root / "broken").touch()
    result = tree.setup("engine")
    assert result.returncode == 1
    assert "| dial tcp: no route to host" in result.stderr
    assert "go build github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" in result.stderr
    assert "'make plan' shows the same resources" in result.stderr
    assert not (tree.root / ".sandbox/engine.stamp").exists()
    assert not list((tree.cache / "engine").rglob("pulumi*"))
    (tree.root / "broken").unlink()
    assert tree.setup("engine").returncode == 0


def test_two_set_ups_at_once_build_once(tree: Tree) -> None:
    started = [
        subprocess.Popen(  # noqa: S603  (our own script)
            [tree.root / "sandbox/setup"],
            env={
                "PATH": str(tree.tools),
                "HOME": os.environ["HOME"],
                "CALLS": str(tree.calls),
                "TREE": str(tree.root),
                "TRIPTRIP_CACHE": str(tree.cache),
            },
            stderr=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    errors = [process.communicate()[1] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], errors
    assert tree.calls.read_text().count("go ") == 1
    assert tree.calls.read_text().count("uv sync") == 1


def test_without_flock_a_lock_whose_owner_was_killed_is_taken_over(tree: Tree) -> None:
    (tree.tools / "flock").unlink(missing_ok=True)
    (tree.cache / "lock.d").mkdir(parents=True)
    (tree.cache / "lock.d/pid").write_text("4194305")  # beyond the largest process id of Linux
    result = tree.setup()
    assert result.returncode == 0, result.stderr
    assert not (tree.cache / "lock.d").exists()


def test_an_old_python_is_named_with_the_command_that_helps(tree: Tree) -> None:
    (tree.tools / "python3").unlink()
    tree.tool("python3", '#!/bin/sh\n[ "$1" = --version ] && { echo Python 3.9.2; exit; }\nexit 1\n')
    result = tree.setup("python")
    assert result.returncode == 1
    assert "Python 3.11 or newer is needed; PATH has Python 3.9.2" in result.stderr
    assert "apt-get install python3" in result.stderr


def test_a_python_without_venv_is_named_with_the_package_that_helps(tree: Tree) -> None:
    (tree.tools / "uv").unlink()
    (tree.tools / "python3").unlink()
    tree.tool("python3", '#!/bin/sh\n[ "$1" = -m ] && { echo "ensurepip is not available"; exit 1; }\nexit 0\n')
    result = tree.setup("python")
    assert result.returncode == 1
    assert "| ensurepip is not available" in result.stderr
    assert "apt-get install python3-venv" in result.stderr


def test_an_unknown_step_is_refused(tree: Tree) -> None:
    result = tree.setup("everything")
    assert result.returncode == 1
    assert "sandbox/setup [python|engine|go|scanner|all]" in result.stderr
