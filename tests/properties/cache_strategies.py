"""Everything the cache settings accept."""

from typing import Any

from hypothesis import strategies as st


def cache(project: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The cache settings of a stack with these project settings, as plain values."""
    del project
    return st.nothing()
