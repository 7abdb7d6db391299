"""Text for people, in the two languages of the page."""

from infra.catalog.words import Words

__all__ = ["Words"]
