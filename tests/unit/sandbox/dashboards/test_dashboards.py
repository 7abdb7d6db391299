"""Pictures and reference of the dashboards: whole, the same every time, and found out when they are old."""

import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest

from infra.catalog.dashboard_rows import dashboards
from infra.derive.dashboards import Dashboard, Levels, Panel
from sandbox.dashboards import __main__ as command
from sandbox.dashboards.canvas import cut, figure
from sandbox.dashboards.figures import Look
from sandbox.dashboards.picture import picture
from sandbox.dashboards.reference import everything, reference
from sandbox.dashboards.simulated import Series, result, scale

PAGES = everything()
TEXT = "{http://www.w3.org/2000/svg}text"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.key)
def test_a_picture_shows_every_panel_inside_it(page: Dashboard) -> None:
    drawn = ET.fromstring(picture(page, "A & B"))  # noqa: S314 # made here
    words = [each.text for each in drawn.iter(TEXT)]
    assert words[0] == "A & B"
    assert {panel.row.title for panel in page.panels} <= set(words)
    width, height = (float(drawn.attrib[side]) for side in ("width", "height"))
    for each in drawn.iter(TEXT):
        assert 0 <= float(each.attrib["x"]) <= width
        assert 0 <= float(each.attrib["y"]) <= height


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.key)
def test_a_picture_is_the_same_every_time_and_needs_no_other_file(page: Dashboard) -> None:
    text = picture(page, page.title)
    assert text == picture(page, page.title)
    assert "href" not in text
    assert "url(" not in text


def test_every_panel_of_the_catalogue_is_in_a_picture() -> None:
    assert [panel.row.title for page in PAGES for panel in page.panels] == [
        panel.title for row in dashboards().values() for panel in row.panels
    ]


@pytest.mark.parametrize(("page", "panel"), [(page.key, panel) for page in PAGES for panel in page.panels])
def test_what_is_made_up_fits_the_panel(page: str, panel: Panel) -> None:
    made = result(page, panel.row.title)
    if not isinstance(made, tuple):
        assert all(len(row) == len(made.columns) for row in made.rows)
        return
    shown = {query.promql for query in panel.queries}
    for series in made:
        query = panel.row.queries[series.query]
        assert query.promql in shown
        for label in series.labels:
            assert label == "le" or f"{{{{{label}}}}}" in query.legend


def test_a_threshold_that_is_passed_is_seen() -> None:
    (page,) = (each for each in PAGES if each.key == "database-overview")
    (panel,) = (each for each in page.panels if each.row.title == "Replication lag")
    made = result(page.key, panel.row.title)
    assert isinstance(made, tuple)
    colours = Counter(Look(panel.unit, panel.levels).colour(each.last) for each in made if isinstance(each, Series))
    assert len(colours) == 2


@pytest.mark.parametrize(
    ("value", "levels", "colour"),
    [
        (70, Levels(70, 85), "#e0b400"),
        (69, Levels(70, 85), "#56a64b"),
        (85, Levels(70, 85), "#e02f44"),
        (0.9, Levels(0.9, None, above=False), "#e0b400"),
        (0.91, Levels(0.9, None, above=False), "#56a64b"),
        (1, None, "#56a64b"),
    ],
)
def test_colour(value: float, levels: Levels | None, colour: str) -> None:
    assert Look("count", levels).colour(value) == colour


def test_figures_are_written_as_people_read_them() -> None:
    assert figure(0.707, "share") == "70.7 %"
    assert figure(4.5 * 1024**2, "bytes") == "4.5 MiB"
    assert figure(120, "us") == "120 µs"
    assert figure(1500, "ms") == "1.5 s"
    assert figure(0, "ms") == "0"
    assert figure(3_392_964, "ms") == "56.5 min"
    assert figure(7910, "per-second") == "7.91 k/s"
    assert figure(41.6, "count") == "42"
    assert cut("a long word", 40) == "a lo…"


def test_an_axis_holds_every_value() -> None:
    for most in (0.3, 1, 7, 99, 31_000):
        marks = scale([most])
        assert marks[0] == 0
        assert marks[-1] >= most
        assert 3 <= len(marks) <= 7


def test_every_query_is_in_the_reference() -> None:
    text = reference(PAGES)
    for row in dashboards().values():
        for panel in row.panels:
            for query in panel.queries:
                assert " ".join(query.promql.split()).replace("|", "\\|") in text


def test_an_old_file_is_told_and_written_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "_ROOT", tmp_path)
    monkeypatch.setattr(command, "rendered", lambda: {Path("docs/one.md"): "new\n"})
    assert command.main(["--check"]) == 1
    assert "docs/one.md is out of date" in capsys.readouterr().err
    assert command.main([]) == 0
    assert command.main(["--check"]) == 0
