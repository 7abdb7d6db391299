"""`python -m sandbox.dashboards`: write the pictures and the reference of the dashboards, or check them."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from sandbox.dashboards.picture import picture
from sandbox.dashboards.reference import everything, reference

_ROOT = Path(__file__).resolve().parents[2]


def rendered() -> Mapping[Path, str]:
    """Every generated file with what it must hold."""
    pages = everything()
    found = {
        Path("docs/pictures") / f"dashboard-{page.key}.svg": picture(page, f"{page.title} (prod)") for page in pages
    }
    return {**found, Path("docs/reference/dashboards.md"): reference(pages)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 1 when a file is out of date (argparse exits by 2)."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.dashboards", description="Pictures of the dashboards.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is out of date")
    only_check = parser.parse_args(arguments).check
    stale = False
    for path, text in rendered().items():
        target = _ROOT / path
        current = target.read_text(encoding="utf-8") if target.is_file() else None
        if current == text:
            continue
        if only_check:
            sys.stderr.write(f"{path} is out of date: run python -m sandbox.dashboards\n")
            stale = True
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path} written\n")
    return int(stale)


if __name__ == "__main__":
    sys.exit(main())
