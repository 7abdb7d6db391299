"""`python -m sandbox.bench`: measure, and print name, value, unit and what to compare it with."""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sandbox.bench import figures, recovery_stores
from sandbox.bench.figure import Figure
from sandbox.servers import figures as servers
from sandbox.servers import invalidation_figures, recovery_figures, timescale_figures
from sandbox.servers.install import InstallError
from sandbox.servers.limits import LimitError
from sandbox.servers.partitions import partitions
from sandbox.servers.routers import comparison
from sandbox.servers.search import search


def recovery(folder: Path) -> Iterator[Figure]:
    """PostgreSQL's figures, then the other stores'."""
    yield from recovery_figures.recovery(folder)
    yield from recovery_stores.stores(folder)


_SECTIONS = {
    "floor": figures.against_the_floor,
    "policies": figures.policies,
    "imports": figures.imports,
    "growth": figures.growth,
    "critical-path": figures.critical_path,
    "pooler": servers.pooler,
    "routers": comparison.routers,
    "timescale": timescale_figures.timescale,
    "partitions": partitions,
    "search": search,
    "recovery": recovery,
    "invalidation": invalidation_figures.invalidation,
}
_DECIDES = """
What decides these figures: the program's process is half of a preview, with the SDK's classes (ADR 0018: each is loaded
when it is first named; the compute package's shared types are the largest part left) and their registration; a quarter
each are the engine and the simulated cloud's rules. For `up` it is the state, which a file or bucket backend writes
whole after every step."""


def main(arguments: list[str] | None = None) -> int:
    """Run the chosen sections; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.bench", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"any of {', '.join(_SECTIONS)} (default: all)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.sections) - set(_SECTIONS):
        parser.error(f"unknown section {', '.join(sorted(unknown))}; choose from {', '.join(_SECTIONS)}")
    missing = False
    with tempfile.TemporaryDirectory(prefix="triptrip-bench-") as folder:
        for name in chosen.sections or _SECTIONS:
            if not chosen.json:
                sys.stdout.write(f"measuring: {name}\n")
                sys.stdout.flush()
            try:
                for figure in _SECTIONS[name](Path(folder)):
                    line = json.dumps(figure._asdict()) if chosen.json else _line(figure)
                    sys.stdout.write(line + "\n")
                    sys.stdout.flush()
            except (InstallError, LimitError) as error:
                sys.stderr.write(f"{name} cannot be measured here: {error}\n")
                missing = True
    if not chosen.json:
        sys.stdout.write(_DECIDES + "\n")
    return 1 if missing else 0


def _line(figure: Figure) -> str:
    value = f"{figure.value:g}" if figure.value == int(figure.value) else f"{figure.value:.3f}"
    return f"{figure.name:48} {value:>9} {figure.unit:4} {figure.note}".rstrip()


if __name__ == "__main__":
    sys.exit(main())
