"""``sandbox/pulumi`` with the real engine: programs and their errors, files, stacks, and commands at once."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAUNCHES = (
    "import sys; from pathlib import Path; from sandbox.engine.launcher import cloud_command, launch\n"
    "root = Path(sys.argv[1]); sandbox = root / '.sandbox'\n"
    "sys.exit(launch(sys.argv[2:], sandbox, cloud_command(sandbox), root))"
)


class Scratch:
    """A repository of its own whose program each test writes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.main = root / "infra/__main__.py"
        self.main.parent.mkdir()
        (root / "Pulumi.yaml").write_text("name: scratch\nruntime: {name: python}\nmain: infra/\n")
        (root / "Pulumi.dev.yaml").write_text("config:\n  scratch:greeting: hello\n")

    def words(self, *arguments: str) -> list[str]:
        return [sys.executable, "-P", "-c", LAUNCHES, str(self.root), *arguments]

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        self.main.write_text(program)
        return subprocess.run(  # noqa: S603  (our own launcher)
            self.words(*arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120
        )


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    return Scratch(tmp_path_factory.mktemp("scratch"))


def pulumi(sandbox: Path, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run ``sandbox/pulumi`` on this repository's project with a sandbox folder of its own."""
    return subprocess.run(  # noqa: S603  (our own command)
        [ROOT / "sandbox/pulumi", *arguments],
        cwd=cwd,
        env={**os.environ, "TRIPTRIP_SANDBOX": str(sandbox)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def project_files() -> dict[str, str]:
    """Hash every file of the repository's top level, where the CLI would write."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in ROOT.iterdir()
        if path.is_file() and path.name != ".git"
    }


# ---------------------------------------------------------------- a program under our language host


def test_a_program_sees_what_the_official_host_shows_it(scratch: Scratch) -> None:
    result = scratch.run(
        "import os, sys, pulumi\n"
        "print('printed by the program')\n"
        "pulumi.export('cwd', os.path.basename(os.getcwd()))\n"
        "pulumi.export('argv', sys.argv)\n"
        "pulumi.export('first', sys.path[0])\n"
        "pulumi.export('greeting', pulumi.Config().require('greeting'))\n"
        "pulumi.export('stack', pulumi.get_stack())\n"
        "pulumi.export('organization', pulumi.get_organization())\n"
        "pulumi.export('preview', pulumi.runtime.is_dry_run())\n",
        "up",
        "--yes",
        "--skip-preview",
    )
    assert result.returncode == 0, result.stderr
    assert "printed by the program" in result.stdout
    assert "warning" not in result.stdout + result.stderr
    outputs = json.loads(scratch.run("", "stack", "output", "--json").stdout)
    assert outputs == {
        "cwd": "infra",
        "argv": ["."],
        "first": ".",
        "greeting": "hello",
        "stack": "dev",
        "organization": "organization",
        "preview": False,
    }


@pytest.mark.parametrize(
    ("program", "shown", "not_shown"),
    [
        ("import pulumi\nraise pulumi.RunError('one clear sentence')", "error: one clear sentence", "Traceback"),
        (
            "def inner():\n    raise ValueError('boom')\ninner()",
            'infra/__main__.py", line 3, in <module>',
            "runpy",
        ),
        ("import sys\nsys.exit(3)", "program exited with non-zero exit code: 3", "Traceback"),
        ("import sys\nsys.exit('said so')", "said so", "Traceback"),
        ("def broken(:\n", "SyntaxError", "language_service"),
    ],
)
def test_a_failing_program_says_why(scratch: Scratch, program: str, shown: str, not_shown: str) -> None:
    result = scratch.run(program, "preview")
    assert result.returncode != 0
    assert shown in result.stdout
    assert not_shown not in result.stdout + result.stderr


def test_a_missing_program_is_named(scratch: Scratch) -> None:
    scratch.main.unlink(missing_ok=True)
    result = subprocess.run(  # noqa: S603  (our own launcher)
        scratch.words("preview"), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120
    )
    assert result.returncode != 0
    assert "unable to find main python program `__main__.py`" in result.stdout


def test_a_cancelled_program_stops_and_the_launcher_waits_for_the_engine(scratch: Scratch) -> None:
    # A fifo tells when the program runs.
    running = scratch.root / "running"
    os.mkfifo(running)
    scratch.main.write_text(f"import signal\nopen({str(running)!r}, 'w').close()\nwhile True: signal.pause()\n")
    with subprocess.Popen(  # noqa: S603  (our own launcher)
        scratch.words("preview"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as launcher:
        running.open().close()
        launcher.send_signal(signal.SIGINT)
        output, _ = launcher.communicate(timeout=60)
    running.unlink()
    assert launcher.returncode != 0
    assert "preview canceled" in output


# ---------------------------------------------------------------- this repository's project


def test_no_project_file_is_changed(tmp_path: Path) -> None:
    before = project_files()
    for arguments in (
        ("preview",),
        ("config", "set", "local:note", "mine"),
        ("config", "set", "--secret", "local:token", "hidden"),
        ("stack", "select", "prod"),
        ("stack", "init", "own"),
    ):
        result = pulumi(tmp_path, *arguments)
        assert result.returncode == 0, (arguments, result.stdout, result.stderr)
    assert pulumi(tmp_path, "config", "get", "local:note", "--stack", "dev").stdout == "mine\n"
    assert pulumi(tmp_path, "config", "get", "local:token", "--stack", "dev").stdout == "hidden\n"
    assert project_files() == before


def test_a_plan_lands_where_the_user_stands_and_can_be_used_from_there(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    saved = pulumi(tmp_path / "sandbox", "preview", "--save-plan=plan.json", cwd=here)
    assert saved.returncode == 0, saved.stdout + saved.stderr
    assert "resourcePlans" in json.loads((here / "plan.json").read_text())
    # Run as a plan for another stack it is refused by the CLI itself: it was read.
    (here / "plan.json").write_text("no plan")
    used = pulumi(tmp_path / "sandbox", "up", "--plan", "plan.json", "--yes", "--skip-preview", cwd=here)
    assert used.returncode != 0
    assert "invalid character" in used.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "shown"),
    [
        (("version",), 0, "v3."),
        (("no-such-command",), 1, "no-such-command"),
        (("preview", "--stack", "staging"), None, "staging"),
        (("--cwd", "/", "preview"), 1, "leave --cwd out"),
    ],
)
def test_the_clis_exit_code_passes_through(
    tmp_path: Path, arguments: tuple[str, ...], code: int | None, shown: str
) -> None:
    result = pulumi(tmp_path, *arguments)
    assert result.returncode == code if code is not None else result.returncode != 0
    assert shown in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_two_commands_at_once_on_a_new_sandbox(tmp_path: Path) -> None:
    commands = [
        subprocess.Popen(  # noqa: S603  (our own command)
            [ROOT / "sandbox/pulumi", "preview", "--stack", stack],
            env={**os.environ, "TRIPTRIP_SANDBOX": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for stack in ("dev", "prod", "dev")
    ]
    outputs = [command.communicate(timeout=180)[0] for command in commands]
    assert [command.returncode for command in commands] == [0, 0, 0], outputs
    stacks = json.loads(pulumi(tmp_path, "stack", "ls", "--json").stdout)
    assert sorted(stack["name"] for stack in stacks) == ["dev", "prod"]
