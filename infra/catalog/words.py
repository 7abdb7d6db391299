"""Text of catalogue rows that people read, in the two languages of the conformance report."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """The same words in English and in Japanese."""

    en: str
    ja: str
