"""A timeline as CSV and as a picture."""

import csv
import io
import re
from functools import cache
from xml.etree import ElementTree as ET

import pytest

from ops.report.capacity import Timeline, as_csv, capacity
from ops.report.capacity.plot import plot
from ops.report.stack import Stack
from tests.stacks import declared

SVG = "{http://www.w3.org/2000/svg}"


@cache
def line(stack: str) -> Timeline:
    return capacity(Stack.of(stack, declared(stack))).first


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_row_a_month_that_reads_back(stack: str) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(line(stack)))))
    assert [(row["month"], row["year"]) for row in rows] == [(str(m), str((m - 1) // 12 + 1)) for m in range(1, 61)]
    for row, month in zip(rows, line(stack).months, strict=True):
        assert float(row["data_gib"]) == pytest.approx(month.demand.data, abs=0.001)
        assert float(row["disk_gib"]) == month.disk_gib
        assert row["cost_low_usd"] == str(month.cost.low)
        assert float(row["declared_postgres-cpu"]) == pytest.approx(month.declared["postgres-cpu"].share, abs=1e-4)
    assert None not in rows[0]


def test_a_stack_without_postgres_has_empty_cells() -> None:
    raw = {name: each for name, each in declared("prod").items() if name in ("project", "network", "encryption")}
    rows = list(csv.DictReader(io.StringIO(as_csv(capacity(Stack.of("dev", raw)).first))))
    assert (len(rows), {row["disk_gib"] for row in rows}) == (60, {""})
    assert ET.fromstring(plot(capacity(Stack.of("dev", raw)).first)) is not None  # noqa: S314 # made here


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_picture_tells_every_month_of_change_in_words(language: str) -> None:
    page = ET.fromstring(plot(line("prod"), language))  # noqa: S314 # made here
    texts = [each.text or "" for each in page.iter(f"{SVG}text")]
    told = {
        int(found[1])
        for text in texts
        if (found := re.fullmatch(r"(?:month )?(\d+)(?:か月目)?", text)) and text != found[1]
    }
    assert told == {step.month for step in line("prod").steps} | {end.month for end in line("prod").ends}
    assert page.get("role") == "img"
    labels = (page.get("aria-labelledby") or "").split()
    assert labels == [each.get("id") for each in page if each.tag in (f"{SVG}title", f"{SVG}desc")]
    assert ("シャーディング" if language == "ja" else "shards") in " ".join(texts)


def test_the_picture_asks_nothing_of_a_network_and_lies_inside_its_frame() -> None:
    text = plot(line("prod"))
    assert re.findall(r"(?:href|src|url\(|@import)", text) == []
    page = ET.fromstring(text)  # noqa: S314 # made here
    _, _, width, height = (float(each) for each in (page.get("viewBox") or "").split())
    for each in page.iter(f"{SVG}text"):
        assert 0 <= float(each.get("x") or -1) <= width
        assert 0 <= float(each.get("y") or -1) <= height
