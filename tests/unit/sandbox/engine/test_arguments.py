"""Which paths are made absolute, which stack is meant, what a command needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.engine.arguments import Command, understand
from sandbox.engine.errors import LauncherError

HOME = Path("/home/user")
ROOT = Path("/repository")
PROJECT = Path("/sandbox/project")


def read(*arguments: str) -> Command:
    return understand(list(arguments), working_directory=HOME, root=ROOT, project=PROJECT)


@pytest.mark.parametrize(
    ("given", "passed_on"),
    [
        ("preview --save-plan plan.json", "preview --save-plan /home/user/plan.json"),
        ("preview --save-plan=plan.json", "preview --save-plan=/home/user/plan.json"),
        ("up --plan ../plan.json --yes", "up --plan /home/user/../plan.json --yes"),
        ("up --plan /tmp/plan.json", "up --plan /tmp/plan.json"),
        ("preview --policy-pack a,b", "preview --policy-pack /home/user/a,/home/user/b"),
        (
            "policy analyze --policy-pack a --policy-pack b --policy-pack-config=c",
            "policy analyze --policy-pack /home/user/a --policy-pack /home/user/b --policy-pack-config=/home/user/c",
        ),
        ("stack export --file state.json", "stack export --file /home/user/state.json"),
        ("stack export --file -", "stack export --file -"),
        ("import -f resources.json -o code.py", "import -f /home/user/resources.json -o /home/user/code.py"),
        ("up -f --yes", "up -f --yes"),
        ("stack graph out.dot", "stack graph /home/user/out.dot"),
        ("stack tag set owner team", "stack tag set owner team"),
        ("up --event-log=events.json", "up --event-log=/home/user/events.json"),
        ("preview --config-file other.yaml", "preview --config-file /home/user/other.yaml"),
        ("preview --config-file /repository/Pulumi.prod.yaml", f"preview --config-file {PROJECT}/Pulumi.prod.yaml"),
        ("config set --path a:b.c value", "config set --path a:b.c value"),
        ("config set --path=true a:b.c value", "config set --path=true a:b.c value"),
        ("config set key -- --file", "config set key -- --file"),
        ("up -m --plan --yes", "up -m --plan --yes"),
        ("up -c a=b --message=text", "up -c a=b --message=text"),
        ("preview --refresh --diff", "preview --refresh --diff"),
        ("", ""),
    ],
)
def test_only_paths_of_the_user_are_rewritten(given: str, passed_on: str) -> None:
    assert list(read(*given.split()).arguments) == passed_on.split()


def test_a_value_with_spaces_or_empty_stays_one_word() -> None:
    assert read("up", "-m", "two words", "--config-file", "").arguments == (
        "up",
        "-m",
        "two words",
        "--config-file",
        "",
    )


def test_a_value_flag_without_its_value_is_left_for_the_cli_to_refuse() -> None:
    assert read("preview", "--stack").stack is None


@pytest.mark.parametrize(
    ("given", "stack"),
    [
        ("preview", None),
        ("preview --stack prod", "prod"),
        ("preview --stack=prod", "prod"),
        ("preview -s prod", "prod"),
        ("preview -sprod", "prod"),
        ("preview -s organization/triptrip/prod", "prod"),
        ("-s prod preview", "prod"),
        ("stack select prod", "prod"),
        ("stack select", None),
        ("up -m stack", None),
        ("config set key -- --stack", None),
    ],
)
def test_the_stack_meant(given: str, stack: str | None) -> None:
    assert read(*given.split()).stack == stack


@pytest.mark.parametrize(
    ("given", "cloud", "stack"),
    [
        ("preview", True, True),
        ("pre", True, True),
        ("--color never up", True, True),
        ("-v 3 refresh", True, True),
        ("destroy --yes", True, True),
        ("up --help", False, False),
        ("up -h", False, False),
        ("config set key value", False, True),
        ("stack output", False, True),
        ("stack init staging", False, False),
        ("stack rm dev --yes", False, False),
        ("stack ls", False, False),
        ("state unprotect urn", False, True),
        ("policy analyze --policy-pack p", False, True),
        ("version", False, False),
        ("--version", False, False),
        ("whoami", False, False),
        ("", False, False),
    ],
)
def test_what_a_command_needs(given: str, cloud: bool, stack: bool) -> None:
    command = read(*given.split())
    assert (command.needs_cloud, command.needs_stack) == (cloud, stack)


@pytest.mark.parametrize("given", ["-C /elsewhere preview", "--cwd=/elsewhere preview", "-C/elsewhere preview"])
def test_leaving_the_shadow_project_is_refused(given: str) -> None:
    with pytest.raises(
        LauncherError, match=r"/elsewhere: the sandbox runs this repository's own project.*leave .* out"
    ):
        read(*given.split())
