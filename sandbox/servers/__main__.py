"""`python -m sandbox.servers`: list, install and re-lock the servers that tests run on."""

import argparse
import sys
import time

import yaml

from sandbox.servers import debian
from sandbox.servers.groups import LOCKS, debian_lock, groups
from sandbox.servers.install import InstallError, install


class _Indented(yaml.SafeDumper):
    """Indents lists, as .yamllint.yaml asks."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 # its base's
        super().increase_indent(flow, indentless=False)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code, 1 when a group cannot be installed."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.servers", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="every group and what it is")
    chosen = commands.add_parser("install", help="install groups (default: all); nothing when they are")
    chosen.add_argument("groups", nargs="*", metavar="GROUP")
    locked = commands.add_parser("lock", help="pin what Debian's suite holds today")
    locked.add_argument("lock", metavar="LOCK", help="a file of locks/, without .yaml")
    given = parser.parse_args(arguments)
    if given.command == "list":
        for group in groups().values():
            sys.stdout.write(f"{group.name:12} {group.what}{' (needs root)' if group.needs_root else ''}\n")
        return 0
    if given.command == "lock":
        return _lock(given.lock)
    if unknown := set(given.groups) - set(groups()):
        parser.error(f"unknown group {', '.join(sorted(unknown))}; choose from {', '.join(groups())}")
    return max(_install(name) for name in given.groups or groups())


def _install(name: str) -> int:
    start = time.perf_counter()
    try:
        installed = install(name)
    except InstallError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{name}: {installed.folder} ({time.perf_counter() - start:.1f} s)\n")
    return 0


def _lock(name: str) -> int:
    try:
        fresh = debian.refreshed(debian_lock(name))
    except debian.DownloadError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    text = yaml.dump(fresh.model_dump(mode="json"), Dumper=_Indented, sort_keys=False, width=140)
    head = f"# Written by `python -m sandbox.servers lock {name}`; `wanted` is what a person edits.\n"
    (LOCKS / f"{name}.yaml").write_text(head + text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
