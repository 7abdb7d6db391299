"""Blocks of every runbook of an alert, each a parameter of a test."""

from collections.abc import Sequence

import pytest

from tests.runbooks.alerts import FOLDER
from tests.runbooks.page import Page


def blocks(kind: str) -> Sequence[object]:
    """The text of each block of a kind, named by its page and line; there is at least one."""
    found = [
        pytest.param(block.text, id=f"{path.stem}-{block.line}")
        for path in sorted(FOLDER.glob("*.md"))
        for block in Page.read(path).blocks
        if block.kind == kind
    ]
    if not found:
        raise LookupError(f"no runbook has a block of kind {kind!r}")
    return found


def block(alert: str, kind: str) -> str:
    """The first block of a kind in the runbook of an alert."""
    return next(each.text for each in Page.read(FOLDER / f"{alert}.md").blocks if each.kind == kind)
