"""What is PromQL and which series it asks for; promtool's own judgement of the same is in tests/integration."""

import pytest

from sandbox.monitoring.promql import PromqlError, Selector, selectors


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("up", ["up"]),
        (
            'sum(rate(a{b=~"c|d"}[5m])) by (x, y) / on (x) group_left sum by (x) (rate(b[5m] offset 1h)) > bool 0.5',
            ["a", "b"],
        ),
        ("max_over_time(rate(a[5m])[1h:5m])", ["a"]),
        ("max_over_time(a[1h:])", ["a"]),
        ('-up + 2 ^ 3 * {__name__="x"}', ["up", "x"]),
        ("topk(5, a) unless ignoring (b) c", ["a", "c"]),
        ('count_values("v", a)', ["a"]),
        ("up == 0 or vector(1) and c", ["c", "up"]),
        ("time() - a > 1e3", ["a"]),
        ("a @ end() and b offset -5m", ["a", "b"]),
        ("# why\nquantile(0.5, a) # and more\n", ["a"]),
        ("sum without (a) (b) > 0.5", ["b"]),
        ("absent_over_time(a{b!~`c`, d='e',}[26h])", ["a"]),
    ],
)
def test_series_that_a_query_asks_for(query: str, names: list[str]) -> None:
    assert sorted(one.name for one in selectors(query)) == names


@pytest.mark.parametrize(
    "query",
    [
        "",
        "sum by (a (up)",
        "up[5m",
        "rate(up)",
        "foo(up)",
        "sum(a) and",
        "a{b}",
        "a{b=c}",
        "a b",
        "rate(a[5])",
        "1 +",
        "sum by a (b)",
    ],
)
def test_what_is_no_promql(query: str) -> None:
    with pytest.raises(PromqlError, match="parse error"):
        selectors(query)


def test_matchers() -> None:
    (one,) = selectors('a{b="c", d!~"e.*"}')
    assert one == Selector("a", {"b": ("=", "c"), "d": ("!~", "e.*")})
