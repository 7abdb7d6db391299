"""The form that the runbook of an alert has, and whether its links lead anywhere."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.runbooks.alerts import Alert
from tests.runbooks.page import Page

SECTIONS = ("What it means", "Confirm", "Act", "Undo")
KINDS = frozenset(
    {
        "bash", "sql", "sql owner", "sql administrator", "sql timescale", "sql bigquery",
        "promql", "logging", "json", "js",
    }
)  # fmt: skip
_URGENT = ("in minutes", "within the hour", "today", "the next working day")
_HOW_SOON = re.compile(rf"(?:warning: )?(?:{'|'.join(_URGENT)})[,:;] \S.*")
_ELSEWHERE = re.compile(r"[a-z]+:")


def form_problems(page: Page, alert: Alert) -> Iterator[str]:
    """Where the page is not as every page of an alert is."""
    if len(page.titles) != 1 or (alert.title is not None and page.titles[0] != alert.title):
        yield f"its title is {list(page.titles)}, the alert's is {alert.title!r}"
    if tuple(page.sections) != SECTIONS:
        yield f"its sections are {list(page.sections)}, not {list(SECTIONS)}"
    for section in ("Confirm", "Act"):
        if not any(block.section == section for block in page.blocks):
            yield f"{section} has no block that could be run"
    yield from _head(page, alert)


def _head(page: Page, alert: Alert) -> Iterator[str]:
    """The table at the top."""
    head = [tuple(row) for row in page.rows[:4]]
    asked = f" ({', '.join(alert.requirements)})" if alert.requirements else ""
    expected = [
        ("", ""),
        ("Alert", f"[`{alert.name}`](../../reference/alerts.md#{alert.name}){asked}"),
        ("Told", alert.told),
    ]
    for is_there, wanted in zip([*head, (), (), ()], expected, strict=False):
        if is_there != wanted:
            yield f"its head says {is_there}, not {wanted}"
    urgent = head[3] if len(head) > 3 else ("", "")
    if urgent[0] != "Urgent" or not _HOW_SOON.fullmatch(urgent[-1]):
        yield f"its head ends with {urgent}, not with Urgent and one of {_URGENT} and why"


def kind_problems(page: Page) -> Iterator[str]:
    """Fences that do not say what they hold."""
    for block in page.blocks:
        if block.kind not in KINDS:
            yield f"line {block.line}: a fence of kind {block.kind!r}, none of {sorted(KINDS)}"


@cache
def _other(path: Path) -> Page:
    """A page that others lead to: of the long references only one is read, however many links there are."""
    return Page.read(path)


def link_problems(page: Page, folder: Path) -> Iterator[str]:
    """Links to files or headings that are not there; `folder` is where the page lies."""
    for link in page.links:
        if _ELSEWHERE.match(link):
            continue
        place, _, anchor = link.partition("#")
        path = (folder / place).resolve() if place else None
        if path is not None and not path.exists():
            yield f"{link}: there is no {place}"
        elif anchor and anchor not in (page if path is None else _other(path)).anchors:
            yield f"{link}: there is no such heading"
