"""The page's own words: each in both languages, each used, none missing."""

import re
from pathlib import Path

import pytest

from infra.catalog.words import Words
from ops.report.page import say as module
from ops.report.page.diagram_rows import table
from ops.report.page.render import STATUSES
from ops.report.page.say import catalogue, say

TEMPLATES = Path(module.__file__).parent / "templates"
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
NAMES = {"ID"}
"""What is the same word in Japanese."""


def drawn() -> list[Words]:
    rows = table()
    return [words for row in rows.boxes for words in (row.title, *row.details)] + [row.words for row in rows.flows]


@pytest.mark.parametrize("key", catalogue())
def test_no_word_lacks_a_language(key: str) -> None:
    words = catalogue()[key]
    assert words.en
    assert not JAPANESE.search(words.en)
    assert JAPANESE.search(words.ja) or words.ja in NAMES or "→" in words.ja
    assert sorted(re.findall(r"\{\w+\}", words.en)) == sorted(re.findall(r"\{\w+\}", words.ja))


def test_every_word_is_used_and_every_word_that_is_used_exists() -> None:
    texts = [path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.j2")]
    used = {key for text in texts for key in re.findall(r'(?:say|tell)\("([\w.-]+)"[,)]', text)}
    used |= set(re.findall(r'"(evidence\.(?:yes|no))"', "".join(texts)))
    used |= {f"status.{status.replace(' ', '-')}" for status in STATUSES}
    used |= {f"phases.{key}" for key in ("created", "updated", "replaced", "deleted", "lost")}
    used |= {"capacity", "phases", "title", "sources", "findings", "glance", "diagram", "targets", "cost"}
    assert used == set(catalogue())


def test_what_is_drawn_says_the_same_in_both_languages() -> None:
    for words in drawn():
        values = [sorted(re.findall(r"\{[^}]+\}", text)) for text in (words.en, words.ja)]
        assert values[0] == values[1], words
        assert words.en
        assert words.ja
        assert not JAPANESE.search(words.en)


def test_a_value_that_is_missing_is_not_passed_over() -> None:
    with pytest.raises(KeyError):
        say("title")
    with pytest.raises(KeyError):
        say("no such words")
