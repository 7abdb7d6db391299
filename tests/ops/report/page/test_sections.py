"""Capacity and phases on the page: everything that was worked out is told, in both languages, and nothing is loaded."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import html5lib
import pytest

from infra.catalog.operation_rows import OperationRow
from infra.catalog.words import Words
from infra.derive.cost_lines import Range
from ops.report.capacity.model import Capacity
from ops.report.capacity.report import capacity
from ops.report.page import Section, capacity_section, page, phases_section
from ops.report.page.sections import figure
from ops.report.phases.model import Chain, Held, Journey, Phase, Restart, Span, Step, Touched
from ops.report.phases.tables import span
from ops.report.stack import Stack
from tests.ops.report.page.standin import REPORT, REQUIREMENTS, SCRIPT

ROW = OperationRow(
    operation="update",
    type="gcp:sql/databaseInstance:DatabaseInstance",
    effect="flag",
    minutes=(1, 2),
    downtime=(10, 60),
    en="a restart",
    ja="再起動",
    source="a page",
    date=date(2026, 11, 24),
    confidence="B",
)
STEP = Step(
    from_phase=2,
    to_phase=3,
    created=(Touched("made-one", "t"),),
    updated=(),
    deleted=(),
    replaced=(Touched(f"replaced-{SCRIPT}", "t"),),
    held=(),
    restarts=(Restart("postgres-primary", "settings.tier", ROW),),
    untold=(),
    chain=Chain(("a",), Span(3, 20)),
    downtime=Span(10, 60),
    before=Range(Decimal(100), Decimal(100)),
    after=Range(Decimal(350), Decimal(350)),
)
JOURNEY = Journey(
    stack="prod",
    now=2,
    phases=(
        Phase(3, "PG-PHASE-3", Words("High availability", "高可用性"), ()),
        Phase(4, "PG-PHASE-4", Words("Global", "グローバル"), (), refused=f"no second region {SCRIPT}"),
    ),
    steps=(STEP,),
    following=STEP,
)


@pytest.fixture(scope="module")
def production() -> Capacity:
    return capacity(Stack.read("prod"))


def both(section: Section) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("en", section.html_en), ("ja", section.html_ja)


def test_every_trigger_step_and_end_is_told(production: Capacity) -> None:
    for language, told in both(capacity_section(production)):
        for firing in production.first.firings:
            assert firing.trigger in told
            assert getattr(firing.action, language).replace("'", "&#39;") in told
        for step in production.first.steps:
            assert f'<th scope="row" class="number">{step.month}</th>' in told
            assert all(f"<code>{each.path}</code>" in told for each in step.changes)
        for end in production.first.ends:
            assert getattr(end.reason, language) in told
        assert told.count("<svg") == len(production.timelines)


def test_a_step_tells_what_it_makes_interrupts_takes_and_costs() -> None:
    english, japanese = (told for _, told in both(phases_section(JOURNEY)))
    for words in (
        "2 → 3",
        "High availability",
        "made-one",
        "3–20",
        "10–60",
        "$350",
        "+$250.00",
        "a restart",
        "(10–60 s, B)",
        "a page",
        "2026-11-24",
    ):
        assert words in english
    for words in ("高可用性", "再起動", "フェーズ 4"):
        assert words in japanese
    assert SCRIPT not in english


def test_what_no_row_tells_and_what_is_left_as_it_is_are_no_silence() -> None:
    left = (Held("postgres-primary", "settings.diskSize", 500, 1024),)
    step = replace(STEP, restarts=(), untold=(Touched("new-thing", "t", ("size", "place")),), held=left)
    english, japanese = (told for _, told in both(phases_section(replace(JOURNEY, steps=(step,), following=step))))
    assert "no row tells whether size, place interrupts" in english
    assert "keeps settings.diskSize 500 where 1024 is declared" in english
    assert "size, place の変更による中断の有無は未確認" in japanese
    assert ">nothing<" not in english
    assert english.count("<tr>") == 2


def test_the_step_from_here_has_a_row_of_its_own_where_no_phase_is_like_the_stack() -> None:
    told = phases_section(replace(JOURNEY, following=replace(STEP, to_phase=4))).html_en
    assert "now → 4" in told
    assert told.count("<tr>") == 3


def test_a_stack_short_of_every_phase_says_so() -> None:
    assert "less than the settings of any phase" in phases_section(replace(JOURNEY, now=0)).html_en


def test_both_fit_into_the_page(production: Capacity) -> None:
    made = page(REPORT, REQUIREMENTS, None, (capacity_section(production), phases_section(JOURNEY)))
    read = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), strict=True).parse(made)
    given = [each.get("id") for each in read.iter() if each.get("id")]
    assert len(given) == len(set(given))
    assert made.count("<script") == 1


@pytest.mark.parametrize(("number", "told"), [(0.7366, "0.737"), (60.4, "60.4"), (31268.3, "31,268"), (2.0, "2")])
def test_a_measured_number_has_digits_that_mean_something(number: float, told: str) -> None:
    assert figure(number) == told


def test_a_time_reads_as_the_command_writes_it() -> None:
    assert [span(each) for each in (Span(0, 0), Span(16.2, 50.24))] == ["0", "16.2–50.2"]
