"""The report as one HTML file that loads nothing: style, script and picture are in it."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from infra.catalog.capacity_rows import triggers
from infra.catalog.cheapest_rows import cheapest
from infra.catalog.price_rows import targets
from infra.catalog.words import Words
from infra.derive.cost_lines import Range
from infra.settings.stack_file import NAMESPACE
from ops import money
from ops.report.model import Report, Status
from ops.report.page.diagram import Diagram
from ops.report.page.say import say

STATUSES: tuple[Status, ...] = ("not met", "undecided", "met")
"""As the page lists them: what needs a decision first."""

_FOLDER = Path(__file__).parent
_NULL = re.compile(": null$", re.MULTILINE)
_PARTS = ("findings", "glance", "diagram", "targets", "cost")


@dataclass(frozen=True)
class Section:
    """A part of the page that another module has written, as HTML in each language.

    It is put in as it is: what it quotes must be escaped, its ids be unique in the page and begin with its own, and it
    cannot have a script. A table with `data-sorts` can be sorted; `<div class="wide">` lets one scroll.
    """

    id: str
    title: Words
    html_en: str
    html_ja: str


@dataclass(frozen=True)
class _Source:
    """Something that figures rest on, and what rests on it."""

    text: str
    date: date | None
    used: tuple[str, ...]


def page(
    report: Report,
    requirements: Mapping[str, tuple[Words, Words]],
    diagram: Diagram | None,
    sections: Sequence[Section],
) -> str:
    """Write the page; `requirements` has title and text of every id that a verdict names, else KeyError."""
    style, script = (Markup(_text(name)) for name in ("page.css", "page.js"))  # noqa: S704 # files of this package
    shown = [part for part in _PARTS if part != "diagram" or diagram]
    contents = [
        *((part, say(part)) for part in shown),
        *((each.id, each.title) for each in sections),
        ("sources", say("sources")),
    ]
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            contents=contents,
            given=targets(),
            holds=cheapest().holds,
            picture=diagram,
            policy=_policy(script),
            report=report,
            requirements={each.requirement: requirements[each.requirement] for each in report.verdicts},
            script=script,
            sections=sections,
            sources=tuple(_sources(report)),
            style=style,
            title=say("title", stack=report.stack),
            triggers=triggers(),
        )
    )


def snippet(settings: Mapping[str, Any]) -> str:
    """Settings as they stand in a stack file; a key that is to go away says so."""
    data = {"config": {f"{NAMESPACE}:{subject}": value for subject, value in settings.items()}}
    text = yaml.dump(data, Dumper=_Snippet, sort_keys=False, allow_unicode=True, width=100)
    return _NULL.sub(": null # take this key out", text).strip()


def difference(month: Range) -> str:
    """A difference of a month in USD with its sign, as a range where prices are one."""
    return " … ".join(dict.fromkeys(f"{'-' if end < 0 else '+' if end else '±'}${abs(end):,.2f}" for end in month))


class _Snippet(yaml.SafeDumper):
    """Lists are indented, and nothing is an anchor."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 # its base's
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 # PyYAML's signature
        return True


def _sources(report: Report) -> Iterator[_Source]:
    """Yield every source once, of verdicts and prices, with what uses it."""
    used: dict[tuple[str, date | None], dict[str, None]] = {}
    for verdict in report.verdicts:
        for fact in verdict.evidence:
            if fact.source:
                used.setdefault((fact.source, fact.date), {})[verdict.requirement] = None
    for line in report.month.lines:
        used.setdefault((line.source, line.date), {})[line.item] = None
    for (text, day), users in used.items():
        yield _Source(text, day, tuple(users))


def _policy(script: str) -> str:
    """No request at all, and no script but the page's own."""
    digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _text(name: str) -> str:
    return (_FOLDER / "templates" / name).read_text(encoding="utf-8")


@cache
def environment() -> Environment:
    """Where every template of the page is found; what it writes is escaped, and a name that is missing is an error."""
    made = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(say=say, statuses=STATUSES)
    made.filters.update(
        amount=money.given,
        difference=difference,
        exact=money.exact,
        quantity=money.quantity,
        slug=lambda text: text.replace(" ", "-"),
        snippet=snippet,
        trust=money.trust,
        trusted=Markup,
        unit_price=money.unit_price,
        whole=money.whole,
    )
    return made
