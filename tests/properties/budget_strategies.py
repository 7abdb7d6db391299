"""Budgets that the settings accept."""

from typing import Any

from hypothesis import strategies as st

from infra.settings.monitoring_budget import UsageSettings

Raw = dict[str, Any]

_shares = st.lists(st.integers(0, 100).map(lambda share: f"{share} %"), min_size=1, max_size=5, unique=True)
_sizes = st.integers(0, 10**6).map(lambda amount: f"{amount} GB")
_usage = st.fixed_dictionaries({}, optional={field.alias: _sizes for field in UsageSettings.model_fields.values()})
_money: st.SearchStrategy[Raw] = st.just({}) | st.integers(50, 500).map(
    lambda rate: {"currency": "JPY", "yenPerDollar": rate}
)


def budgets() -> st.SearchStrategy[Raw]:
    """Any budget, as plain values."""
    return st.builds(
        lambda group, money, rest: {"billingAccount": "-".join([group] * 3), **money, **rest},
        st.text("0123456789ABCDEF", min_size=6, max_size=6),
        _money,
        st.fixed_dictionaries(
            {},
            optional={
                "amount": st.just("estimate") | st.integers(1, 10**9 - 1).map(lambda amount: f"{amount} USD"),
                "headroom": st.integers(0, 100).map(lambda share: f"{share} %"),
                "marketplace": st.lists(st.sampled_from(["mongodb", "elasticsearch"]), unique=True),
                "actual": _shares,
                "forecasted": _shares | st.just([]),
                "usage": _usage,
            },
        ),
    )
