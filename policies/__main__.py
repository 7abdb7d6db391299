"""`python -m policies`: write the reference and the levels' schema, check the levels and the waivers."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from policies import reference
from policies.all import RULES
from policies.kit import waivers
from policies.levels.schema import problems, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_ROOT = Path(__file__).resolve().parents[1]
_GENERATED: dict[str, tuple[str, Callable[[], str]]] = {
    "reference": ("docs/policies.md", reference.render),
    "schema": ("docs/reference/policy-levels.schema.json", lambda: json.dumps(schema(RULES), indent=2) + "\n"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 right, 1 something is wrong or out of date."""
    options = parser().parse_args(arguments)
    if options.command == "check":
        return _check()
    path, render = _GENERATED[options.command]
    return _write(_ROOT / path, render(), command=options.command, only_check=options.check)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    root = argparse.ArgumentParser(prog="python -m policies", description=__doc__)
    commands = root.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="check policies/levels/*.json and policies/waivers.yaml")
    for name, (path, _) in _GENERATED.items():
        command = commands.add_parser(name, help=f"write {path}")
        command.add_argument("--check", action="store_true", help="write nothing; fail when the file is out of date")
    return root


def _check() -> int:
    found = problems(RULES)
    try:
        known = waivers.load()
    except waivers.WaiversError as error:
        found.append(str(error))
    else:
        found += [f"policies/waivers.yaml: expired: {row}" for row in known.rows if row.expired(known.today)]
    sys.stdout.write("".join(f"{line}\n" for line in found) or f"{len(RULES)} rules: levels and waivers are right\n")
    return 1 if found else 0


def _write(file: Path, content: str, *, command: str, only_check: bool) -> int:
    current = file.read_text(encoding="utf-8") if file.exists() else ""
    if current == content:
        return 0
    if only_check:
        sys.stdout.write(f"{file.relative_to(_ROOT)} is out of date: run python -m policies {command}\n")
        return 1
    file.write_text(content, encoding="utf-8")
    sys.stdout.write(f"{file.relative_to(_ROOT)} written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
