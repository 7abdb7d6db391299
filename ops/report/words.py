"""Text for people, in the two languages of the page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """The same words in English and in Japanese."""

    en: str
    ja: str
