"""The page: whole, valid, in two languages, and nothing of it is loaded or run but its own script."""

import base64
import hashlib
import itertools
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import html5lib
import pytest
import yaml

from infra.derive.cost_lines import Range
from infra.derive.phases import lay_over
from ops.report.model import Report
from ops.report.page import page
from ops.report.page.render import difference, snippet
from tests.ops.report.page.standin import MONTH, REMEDY, REPORT, REQUIREMENTS, SCRIPT, SECTIONS

HTML = "{http://www.w3.org/1999/xhtml}"
MADE = page(REPORT, REQUIREMENTS, None, SECTIONS)


def read(text: str) -> ET.Element:
    """The page as a browser reads it; raises ParseError where it is no HTML."""
    found = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), strict=True).parse(text)
    assert isinstance(found, ET.Element)
    return found


DOCUMENT = read(MADE)


def named(identifier: str) -> ET.Element:
    (found,) = [each for each in DOCUMENT.iter() if each.get("id") == identifier]
    return found


def text_of(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def rows(identifier: str) -> list[list[str]]:
    body = named(identifier).find(f"{HTML}tbody")
    assert body is not None
    return [[text_of(cell) for cell in row] for row in body]


def all_of(tag: str) -> Iterator[ET.Element]:
    return DOCUMENT.iter(HTML + tag)


def test_findings_come_first() -> None:
    order = [each.get("id") for each in all_of("section")]
    assert order == ["findings", "glance", "targets", "cost", "capacity", "sources"]
    listed = [each.get("href") for each in next(all_of("nav")).iter(f"{HTML}a")]
    assert listed == [f"#{each}" for each in order]


def test_the_findings_begin_with_all_of_them_and_what_each_would_cost() -> None:
    with_remedy, without = rows("findings-table")
    assert with_remedy[0] == "EX-ONE"
    assert "a larger edition" in with_remedy[2]
    assert "makes the gap smaller" in with_remedy[2]
    assert with_remedy[3].startswith("-$20.50 … +$1,234.00 and what has no price")
    assert without[0] == "EX-FOUR"
    assert "No setting of this platform closes it." in without[2]
    assert not without[3]


def test_a_finding_tells_the_gap_its_evidence_and_what_closes_it() -> None:
    told = text_of(named("finding-EX-ONE"))
    for words in (
        *("title of EX-ONE", "EX-ONE の題", "text of EX-ONE", "less than asked", "目標に届かない"),
        *("postgres-primary: edition", "ENTERPRISE_PLUS", "2026-11-24", SCRIPT),
        *("a larger edition", "上位エディション", "Pulumi.prod.yaml", "-$20.50 … +$1,234.00", "data cache", "smaller"),
    ):
        assert words in told
    assert "No setting of this platform closes it" in text_of(named("finding-EX-FOUR"))
    assert not [each for each in DOCUMENT.iter() if each.get("id") == "finding-EX-TWO"]


def test_a_snippet_is_a_stack_file_that_makes_the_change() -> None:
    told = yaml.safe_load(snippet(REMEDY.settings))["config"]
    assert told == {"triptrip:postgres": REMEDY.settings["postgres"]}
    assert "b: null # take this key out" in snippet(REMEDY.settings)
    assert lay_over({"postgres": {"replicas": {"b": {}}}}, REMEDY.settings)["postgres"]["replicas"] == {}


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [("0", "0", "±$0.00"), ("1234.5", "1234.5", "+$1,234.50"), ("-3", "4", "-$3.00 … +$4.00")],
)
def test_a_difference_has_its_sign(low: str, high: str, told: str) -> None:
    assert difference(Range(Decimal(low), Decimal(high))) == told


def test_every_verdict_has_its_row_with_what_it_rests_on() -> None:
    found = rows("targets-table")
    assert [row[0] for row in found] == [each.requirement for each in REPORT.verdicts]
    for row, verdict in zip(found, REPORT.verdicts, strict=True):
        assert verdict.found.en in row[3]
        assert verdict.found.ja in row[3]
    assert "HA <&>" in found[1][3]
    statuses = [named(f"target-{each.requirement}").get("data-status") for each in REPORT.verdicts]
    assert statuses == [each.status for each in REPORT.verdicts]


def test_the_counts_of_the_first_glance_are_those_of_the_verdicts() -> None:
    cards = [text_of(each) for each in named("glance").iter(f"{HTML}div") if "card" in str(each.get("class")).split()]
    counted = Counter(each.status for each in REPORT.verdicts)
    for status, count in counted.items():
        (card,) = [each for each in cards if each[2:].startswith(status)]
        assert re.search(rf"\D{count}\D*$", card)
    assert any("$666" in each for each in cards)
    assert any("COST-Y3" in each and "$6,350" in each for each in cards)


def test_every_charge_stands_with_its_arithmetic_and_its_source() -> None:
    for row, line in zip(rows("lines-table"), MONTH.lines, strict=True):
        assert row[0] == line.store
        assert line.what in row[1]
        assert row[3:] == ["0.0537", f"{line.month().low:,.2f}", "B", "2026-09-25", line.source]
    assert rows("lines-table")[0][2] == "11,680 vCPU-hour"
    assert [row[0] for row in rows("stores-table")] == list(MONTH.stores)
    assert "pooler: two machines" in text_of(named("cost"))


def test_a_cheaper_setting_says_what_it_gives_up_and_where_it_ends() -> None:
    cheaper, cheapest = rows("cheapest-table")
    assert cheaper[:2] == ["postgres", "627"]
    assert cheaper[2] == f"postgres.primary.tier {SCRIPT} → small"
    assert cheaper[3:6] == ["500", "127–130", "EX-TWO"]
    assert cheaper[6].startswith("CPU of PostgreSQL")
    assert "month 13" in cheaper[6]
    assert cheaper[7] == "postgres.flags.work_mem"
    assert cheapest[:2] == ["cache", "39"]
    assert "the cheapest" in cheapest[2]
    assert cheapest[3] == "cache.size"
    made = page(replace(REPORT, cheapest=()), REQUIREMENTS, None, SECTIONS)
    assert "cheapest-table" not in made


def test_every_source_is_listed_once_with_what_uses_it() -> None:
    assert rows("sources-table") == [
        [SCRIPT, "2026-11-24", "EX-ONE"],
        ["book & page", "2026-09-25", "item-one"],
        ["https://example.com/a", "2026-09-25", "item-two"],
    ]


def test_what_others_wrote_stays_text() -> None:
    assert len(list(all_of("script"))) == 1
    assert SCRIPT not in MADE
    assert MADE.count("&lt;script&gt;") > 4


def test_nothing_is_loaded() -> None:
    loading = {"src", "srcset", "data", "poster", "action", "formaction", "background", "ping"}
    for each in DOCUMENT.iter():
        assert not loading & set(each.attrib), each.tag
        link = each.get("href", "#")
        assert link.startswith("#") or (each.tag == f"{HTML}link" and link == "data:,")
    style = text_of(next(all_of("style")))
    assert "url(" not in style
    assert "@import" not in style


def test_the_policy_lets_in_the_pages_own_script_and_no_request() -> None:
    (policy,) = [
        each.get("content", "") for each in all_of("meta") if "Content-Security-Policy" in each.attrib.values()
    ]
    allowed = dict(each.split(" ", 1) for each in policy.split("; "))
    assert allowed["default-src"] == "'none'"
    script = "".join(next(all_of("script")).itertext())
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert allowed["script-src"] == f"'sha256-{digest}'"
    assert "connect-src" not in allowed


def test_no_element_runs_a_script_by_itself() -> None:
    assert not [each for each in DOCUMENT.iter() for name in each.attrib if name.startswith("on")]


def test_an_id_is_given_once_and_every_link_has_its_place() -> None:
    given = Counter(each.get("id") for each in DOCUMENT.iter() if each.get("id"))
    assert set(given.values()) == {1}
    referred = [each.get("href", "")[1:] for each in all_of("a")]
    referred += [each for one in DOCUMENT.iter() for each in one.get("aria-labelledby", "").split()]
    referred += [each.get("data-for", "") for each in all_of("div") if each.get("data-for")]
    assert set(referred) <= set(given)


def test_tables_name_their_columns_and_headings_skip_no_level() -> None:
    for table in all_of("table"):
        head = table.find(f"{HTML}thead")
        assert head is not None
        assert {each.get("scope") for each in head.iter(f"{HTML}th")} == {"col"}
    for body in all_of("tbody"):
        assert {each.get("scope") for each in body.findall(f"{HTML}tr/{HTML}th")} <= {"row"}
    levels = [int(each.tag[-1]) for each in DOCUMENT.iter() if re.fullmatch(r"h[1-6]", each.tag.removeprefix(HTML))]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_what_is_hidden_by_language_says_so() -> None:
    for each in DOCUMENT.iter():
        for language in {"en", "ja"} & set((each.get("class") or "").split()):
            assert each.get("lang") == language


def test_a_stack_that_keeps_everything_says_so() -> None:
    kept = replace(REPORT, verdicts=REPORT.verdicts[1:2], advice=())
    assert "Every target that a plan can tell is met." in page(kept, REQUIREMENTS, None, ())


def test_a_requirement_that_nobody_words_is_no_empty_row() -> None:
    with pytest.raises(KeyError):
        page(REPORT, {}, None, ())


def test_the_same_report_is_the_same_page() -> None:
    again: Report = replace(REPORT)
    assert page(again, REQUIREMENTS, None, SECTIONS) == MADE
