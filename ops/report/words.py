"""Words that people read on a page, in both of its languages."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """The same thing said in English and in Japanese."""

    en: str
    ja: str
