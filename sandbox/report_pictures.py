"""`python -m sandbox.report_pictures PAGE`: pictures of the report's page for the documentation, by a real browser."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser

from sandbox.servers.browser import browser
from sandbox.servers.install import InstallError, install

LARGEST = 300_000
"""Bytes of a picture: they are kept in the repository."""

_ROOT = Path(__file__).resolve().parents[1]
_SIZE = (1280, 860)


@dataclass(frozen=True)
class Picture:
    """A part of the page as a reader sees it: from an element on, or the element alone."""

    file: str
    language: Literal["en", "ja"]
    scheme: Literal["light", "dark"]
    element: str
    alone: bool = False


PICTURES = (
    Picture("report-findings.png", "en", "light", ".finding:has(pre)"),
    Picture("report-platform.png", "en", "light", ".diagram", alone=True),
    Picture("report-targets.png", "ja", "light", "#targets"),
    Picture("report-cost.png", "en", "dark", "#cost"),
    Picture("report-capacity.png", "ja", "light", "#capacity"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 1 when the page or the browser is not to be had (argparse exits by 2)."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.report_pictures", description="Pictures of a report.")
    parser.add_argument("page", type=Path, help="build/report/index.html, as make report writes it")
    parser.add_argument("--folder", type=Path, default=_ROOT / "docs/pictures", help="default: docs/pictures")
    given = parser.parse_args(arguments)
    if not given.page.is_file():
        sys.stderr.write(f"{given.page}: no such file; make report STACK=prod writes it\n")
        return 1
    try:
        installed = install("browser")
    except InstallError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    with tempfile.TemporaryDirectory() as folder, browser(installed, Path(folder)) as started:
        for picture in PICTURES:
            _take(started, given.page.resolve().as_uri(), picture, given.folder / picture.file)
            sys.stdout.write(f"{given.folder / picture.file}\n")
    return 0


def _take(started: Browser, address: str, picture: Picture, file: Path) -> None:
    width, height = _SIZE
    tab = started.new_page(viewport={"width": width, "height": height}, color_scheme=picture.scheme)
    tab.goto(f"{address}#lang={picture.language}")
    element = tab.locator(picture.element).first
    if picture.alone:
        element.screenshot(path=file)
    else:
        element.evaluate("each => each.scrollIntoView({behavior: 'instant'})")
        tab.screenshot(path=file)
    tab.close()


if __name__ == "__main__":
    sys.exit(main())
