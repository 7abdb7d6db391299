"""`python -m infra.settings`: check stack files, and write the schema and the reference; never imports Pulumi."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from infra.derive import alert_reference, cache_contract, cache_contract_reference, cdn_routes
from infra.settings import reference, schema
from infra.settings.check import check, summary
from infra.settings.problems import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TextIO

_ROOT = Path(__file__).resolve().parents[2]
_GENERATED: dict[str, tuple[Path, Callable[[], str], str]] = {
    "schema": (
        Path("docs/reference/stack.schema.json"),
        schema.render,
        "the JSON Schema of a stack file, for editors",
    ),
    "reference": (Path("docs/reference/settings.md"), reference.render, "the reference of all settings"),
    "alerts": (Path("docs/reference/alerts.md"), alert_reference.render, "the table of alerts and their runbooks"),
    "endpoints": (Path("docs/reference/endpoints.md"), cdn_routes.render, "the table of endpoints and their caches"),
    "cache-reference": (
        Path("docs/reference/cache-contract.md"),
        cache_contract_reference.markdown,
        "the cache's contract for people",
    ),
    "cache-schema": (
        Path("docs/reference/cache-contract.schema.json"),
        cache_contract_reference.json_schema,
        "the JSON Schema of the cache's keys and functions",
    ),
    "cache-python": (Path("services/cache/contract.py"), cache_contract.python, "the cache's contract for Python"),
    "cache-typescript": (
        Path("services/cache/contract.ts"),
        cache_contract.typescript,
        "the cache's contract for TypeScript",
    ),
    "cache-lua": (
        Path("services/cache/functions/contract.lua"),
        cache_contract.lua,
        "the cache's contract for the functions in Redis",
    ),
}


def _say(text: str, stream: TextIO | None = None) -> None:
    (stream or sys.stdout).write(f"{text}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 right, 1 wrong settings or a stale file (argparse exits by 2)."""
    options = parser().parse_args(arguments)
    if options.command == "check":
        return _check(options.files or sorted(_ROOT.glob("Pulumi.*.yaml")))
    path, render, _ = _GENERATED[options.command]
    return _write(path, render(), command=options.command, only_check=options.check)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    root = argparse.ArgumentParser(prog="python -m infra.settings", description="Settings of the stacks, offline.")
    commands = root.add_subparsers(dest="command", required=True)
    check_files = commands.add_parser(
        "check", help="check stack files: every value, and everything that follows from them"
    )
    check_files.add_argument(
        "files", metavar="FILE", type=Path, nargs="*", help="stack files; default: every Pulumi.*.yaml"
    )
    for name, (path, _, what) in _GENERATED.items():
        command = commands.add_parser(name, help=f"write {what}: {path}")
        command.add_argument("--check", action="store_true", help="write nothing; fail when the file is out of date")
    return root


def _check(files: Sequence[Path]) -> int:
    failed = False
    for file in files:
        try:
            settings, plan = check(file)
        except SettingsError as error:
            failed = True
            _say(f"{file.name}: {error}\n", sys.stderr)
            continue
        _say(file.name)
        for subject, text in summary(settings).items():
            _say(f"  {subject:<13} {text}")
        for finding in plan.advice:
            _say(f"  {'note':<13} {finding}")
        _say("  OK")
    return int(failed)


def _write(path: Path, text: str, *, command: str, only_check: bool) -> int:
    target = _ROOT / path
    if not only_check:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        _say(f"wrote {path}")
        return 0
    if target.exists() and target.read_text(encoding="utf-8") == text:
        _say(f"{path} is up to date")
        return 0
    _say(f"{path} is out of date; write it again: python -m infra.settings {command}", sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
