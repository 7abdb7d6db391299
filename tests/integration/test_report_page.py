"""The page of the report in a real browser: both languages, tables, print, without a script, without a network."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from ops.report.capacity.report import capacity
from ops.report.page import capacity_section, diagram, page
from ops.report.stack import Stack
from sandbox.plan import plan_stack
from sandbox.report_pictures import LARGEST, PICTURES
from sandbox.servers.browser import browser
from sandbox.servers.install import Installed
from tests.ops.report.page.standin import MONTH, REPORT, REQUIREMENTS
from tests.stacks import ROOT

CONTRAST = """() => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map((each) => each / 255)
    .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
    .reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = numbers(getComputedStyle(each).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const weak = [];
  for (const element of document.querySelectorAll("body *:not(script):not(svg *)")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility()) continue;
    const lights = [light(numbers(getComputedStyle(element).color)), light(ground(element))].sort((a, b) => b - a);
    const ratio = (lights[0] + 0.05) / (lights[1] + 0.05);
    if (ratio < 4.5) weak.push(`${element.tagName} ${element.className} ${ratio.toFixed(2)}`);
  }
  return weak;
}"""
"""Texts with less contrast than WCAG 2.2 asks for (1.4.3, level AA)."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("page") / "index.html"
    drawn = diagram(plan_stack("prod").resources)
    sections = (capacity_section(capacity(Stack.read("prod"))),)
    file.write_text(page(REPORT, REQUIREMENTS, drawn, sections), encoding="utf-8")
    return file.as_uri()


@pytest.fixture(scope="module")
def chromium(
    browser_programs: Installed,
    address: str,  # noqa: ARG001 # made before the browser's event loop runs: the plan has one of its own
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Browser]:
    with browser(browser_programs, tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture
def tab(chromium: Browser, address: str) -> Iterator[Page]:
    context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.goto(address)
    yield opened
    context.close()


def language(tab: Page) -> str:
    return str(tab.evaluate("document.documentElement.lang"))


def column(tab: Page, table: str, position: int) -> list[str]:
    cells = tab.locator(f"#{table} > tbody > tr:not([hidden]) > :nth-child({position})")
    return [each.strip() for each in cells.all_inner_texts()]


def shown(rows: Locator) -> int:
    return sum(row.is_visible() for row in rows.all())


def test_it_opens_in_silence_and_asks_for_nothing(chromium: Browser, address: str) -> None:
    context = chromium.new_context(locale="en-GB")
    tab = context.new_page()
    told: list[str] = []
    asked: list[str] = []
    tab.on("console", lambda message: told.append(message.text))
    tab.on("pageerror", lambda error: told.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(address)
    tab.get_by_label("日本語").check()
    assert told == []
    assert asked == [address]
    context.close()


def test_no_request_gets_out_even_where_something_asks_for_one(tab: Page) -> None:
    refused = tab.evaluate(
        """() => new Promise((resolve) => {
          addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
          new Image().src = "http://127.0.0.1:9/picture.png";
        })"""
    )
    assert refused == "img-src"


@pytest.mark.parametrize(("locale", "expected"), [("ja-JP", "ja"), ("en-US", "en"), ("fr-FR", "en")])
def test_it_speaks_the_readers_language(chromium: Browser, address: str, locale: str, expected: str) -> None:
    context = chromium.new_context(locale=locale)
    tab = context.new_page()
    tab.goto(address)
    assert language(tab) == expected
    assert tab.locator("h1 .ja").is_visible() == (expected == "ja")
    assert tab.locator("h1 .en").is_visible() == (expected == "en")
    context.close()


def test_the_language_can_be_changed_and_stays_in_the_address(tab: Page) -> None:
    tab.get_by_label("日本語").check()
    assert language(tab) == "ja"
    assert tab.get_by_role("heading", name="指摘事項", exact=True).is_visible()
    assert not tab.get_by_role("heading", name="Findings", exact=True).is_visible()
    assert tab.url.endswith("#lang=ja")
    tab.get_by_role("navigation").get_by_role("link", name="月額コスト").click()
    tab.wait_for_url("**#lang=ja&at=cost")
    tab.reload()
    assert language(tab) == "ja"
    expect(tab.get_by_role("heading", name="月額コスト")).to_be_in_viewport()


def test_what_is_drawn_speaks_both_languages(tab: Page) -> None:
    names = tab.locator("svg.diagram .title")
    english = names.filter(has_text="PostgreSQL primary")
    japanese = names.filter(has_text="PostgreSQL プライマリ")
    assert (english.is_visible(), japanese.is_visible()) == (True, False)
    tab.get_by_label("日本語").check()
    assert (english.is_visible(), japanese.is_visible()) == (False, True)


@pytest.mark.parametrize("spoken", ["English", "日本語"])
def test_code_keeps_letters_of_one_width(tab: Page, spoken: str) -> None:
    tab.get_by_label(spoken).check()
    for element in ("pre code", "td code", "#findings-table .id a"):
        assert tab.locator(element).first.evaluate("each => getComputedStyle(each).fontFamily").endswith("monospace")


def test_targets_are_narrowed_down_by_status_and_by_text(tab: Page) -> None:
    controls = tab.locator("[data-for=targets-table]")
    assert len(column(tab, "targets-table", 1)) == len(REPORT.verdicts)
    controls.get_by_role("radio", name="not met", exact=True).check()
    expected = [each.requirement for each in REPORT.of("not met")]
    assert column(tab, "targets-table", 1) == expected
    assert controls.locator("output").inner_text() == f"{len(expected)} / {len(REPORT.verdicts)}"
    controls.get_by_role("searchbox").fill("ex-FOUR")
    assert column(tab, "targets-table", 1) == ["EX-FOUR"]
    controls.get_by_role("radio", name="all", exact=True).check()
    controls.get_by_role("searchbox").fill("")
    assert len(column(tab, "targets-table", 1)) == len(REPORT.verdicts)


def test_a_column_sorts_both_ways_from_the_keyboard(tab: Page) -> None:
    head = tab.locator("#lines-table thead th").filter(has_text="A month")
    head.get_by_role("button").focus()
    tab.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    amounts = [float(each.replace(",", "")) for each in column(tab, "lines-table", 5)]
    assert len(amounts) == len(MONTH.lines)
    assert amounts == sorted(amounts)
    tab.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "descending"
    assert [float(each.replace(",", "")) for each in column(tab, "lines-table", 5)] == amounts[::-1]
    # What nothing closes has no price, and comes after all prices.
    prices = tab.locator("#findings-table thead th").filter(has_text="Difference a month")
    prices.get_by_role("button").click()
    assert column(tab, "findings-table", 1) == ["EX-ONE", "EX-FOUR"]
    prices.get_by_role("button").click()
    assert column(tab, "findings-table", 1) == ["EX-FOUR", "EX-ONE"]
    # By status, what needs a decision comes first, whatever the words are.
    tab.locator("#targets-table thead").get_by_role("button", name="Status").click()
    order = tab.locator("#targets-table > tbody > tr").evaluate_all("rows => rows.map((row) => row.dataset.status)")
    assert order == ["not met", "not met", "undecided", "met"]


def test_the_first_stop_of_the_keyboard_leads_past_the_header(tab: Page) -> None:
    tab.keyboard.press("Tab")
    assert tab.locator(":focus").get_attribute("href") == "#findings"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("spoken", ["English", "日本語"])
def test_every_text_can_be_read(tab: Page, scheme: str, spoken: str) -> None:
    tab.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    tab.get_by_label(spoken).check()
    for details in tab.locator("details").all():
        details.evaluate("each => { each.open = true; }")
    assert tab.evaluate(CONTRAST) == []


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_runs_out_of_the_window(tab: Page, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_print_shows_everything_and_no_control(tab: Page) -> None:
    tab.locator("[data-for=targets-table]").get_by_role("radio", name="not met", exact=True).check()
    tab.emulate_media(media="print")
    rows = tab.locator("#targets-table > tbody > tr")
    assert shown(rows) == len(REPORT.verdicts)
    assert tab.locator("#target-EX-TWO").get_by_text("HA <&>").is_visible()
    assert shown(tab.locator("input")) == 0
    printed = tab.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) > 2


def test_without_a_script_all_of_it_can_be_read_in_both_languages(chromium: Browser, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="ja-JP")
    tab = context.new_page()
    tab.goto(address)
    assert tab.locator("h1 .en").is_visible()
    assert shown(tab.locator("#targets-table > tbody > tr")) == len(REPORT.verdicts)
    assert shown(tab.locator(".controls")) == 0
    tab.get_by_label("日本語").check()
    assert tab.locator("h1 .ja").is_visible()
    assert not tab.locator("h1 .en").is_visible()
    context.close()


@pytest.mark.usefixtures("browser_programs")
def test_the_pictures_of_the_documentation_are_small_and_whole(address: str, tmp_path: Path) -> None:
    file = Path(address.removeprefix("file://"))
    done = subprocess.run(  # noqa: S603 # our own module
        [sys.executable, "-m", "sandbox.report_pictures", str(file), "--folder", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made = {each.name: each.stat().st_size for each in tmp_path.glob("*.png")}
    assert set(made) == {picture.file for picture in PICTURES}
    assert max(made.values()) < LARGEST


def test_a_picture_of_it_has_something_in_it(tab: Page, tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    tab.screenshot(path=picture)
    empty = tmp_path / "empty.png"
    tab.evaluate("document.body.replaceChildren()")
    tab.screenshot(path=empty)
    assert picture.stat().st_size > 4 * empty.stat().st_size
