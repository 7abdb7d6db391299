"""What is PromQL and which series it asks for; promtool's own judgement of the same is in tests/integration."""

from pathlib import Path

import pytest
import yaml

from sandbox.monitoring.promql import PromqlError, Selector, selectors

QUERIES = yaml.safe_load((Path(__file__).parent / "promql_queries.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("query", "names"), QUERIES["good"].items())
def test_series_that_a_query_asks_for(query: str, names: list[str]) -> None:
    assert sorted(one.name for one in selectors(query)) == names


@pytest.mark.parametrize("query", QUERIES["bad"])
def test_what_is_no_promql(query: str) -> None:
    with pytest.raises(PromqlError, match="parse error"):
        selectors(query)


def test_matchers() -> None:
    (one,) = selectors('a{b="c", d!~"e.*"}')
    assert one == Selector("a", {"b": ("=", "c"), "d": ("!~", "e.*")})
