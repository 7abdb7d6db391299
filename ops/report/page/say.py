"""What the page itself says, by key, in both languages (words.yaml)."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from infra.catalog.words import Words


@cache
def catalogue() -> Mapping[str, Words]:
    """The words by key; TypeError when one lacks a language."""
    read = yaml.safe_load((Path(__file__).parent / "words.yaml").read_text(encoding="utf-8"))
    return {key: Words(**row) for key, row in read.items()}


def say(key: str, **values: object) -> Words:
    """The words of a key with values filled in; KeyError for an unknown key or a value that is missing."""
    words = catalogue()[key]
    return Words(words.en.format(**values), words.ja.format(**values))
