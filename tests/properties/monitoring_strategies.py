"""Monitoring over any selection of stores."""

from typing import Any

from hypothesis import strategies as st

from infra.catalog.monitoring_rows import alerts
from tests.properties.budget_strategies import budgets

Raw = dict[str, Any]

_EXAMPLES = {
    "share": st.integers(1, 99).map(lambda share: f"{share} %"),
    "duration": st.integers(1, 10**6).map(lambda amount: f"{amount} ms"),
    "size": st.integers(1, 10**6).map(lambda amount: f"{amount} kB"),
    "count": st.integers(1, 10**6).map(str),
}


@st.composite
def watched(draw: st.DrawFn, stores: Raw) -> Raw:
    """The same stores with alerts of them, or as they are."""
    if not draw(st.booleans()):
        return stores
    channels = draw(st.sets(st.sampled_from(sorted(_CHANNELS))))
    told = st.lists(st.sampled_from(sorted(channels)), unique=True) if channels else st.just([])
    # Cloud Billing tells by e-mail alone.
    has_budget = "email" in channels and draw(st.booleans())
    return {
        **stores,
        "monitoring": {
            **({"budget": draw(budgets())} if has_budget else {}),
            "channels": {name: _CHANNELS[name] for name in sorted(channels)},
            "routes": {"warning": draw(told), "critical": draw(told)},
            "autoClose": f"{draw(st.integers(30, 7 * 24 * 60))} minutes",
            "repository": "https://example.com/triptrip/platform",
            "deployers": ["deployer@triptrip.jp"],
            "writeCapacity": draw(st.integers(1, 10**6)),
            "alerts": draw(st.lists(st.sampled_from(sorted(alerts())), unique=True, max_size=3).flatmap(_changed)),
            "grafana": draw(st.none() | _GRAFANA),
        },
    }


_CHANNELS: Raw = {
    "slack": {"channel": "#alerts", "team": "TripTrip", "token": "slack/1"},
    "pagerduty": {"key": "pagerduty/2"},
    "email": "alerts@triptrip.jp",
}


_GRAFANA = st.fixed_dictionaries(
    {"url": st.just("https://example.com/grafana"), "token": st.just("grafana/1")},
    optional={"postgres": st.just({"user": "grafana", "password": "grafana-postgres/1"})},
).flatmap(
    lambda grafana: st.sampled_from(
        [grafana, {**grafana, "googleKey": "key/3"}, {**grafana, "googleAccount": "g@p.iam.gserviceaccount.com"}]
    )
)


def _changed(names: list[str]) -> st.SearchStrategy[Raw]:
    return st.fixed_dictionaries({name: _change(name) for name in names})


def _change(name: str) -> st.SearchStrategy[Raw]:
    """One threshold in the alert's unit, so that it cannot contradict the other."""
    unit = alerts()[name].unit
    lasting = st.fixed_dictionaries({"lasting": st.integers(0, 1380).map(lambda minutes: f"{minutes} minutes")})
    if unit is None:
        return lasting
    return st.fixed_dictionaries({"warning": _EXAMPLES[unit], "critical": st.just("off")}) | lasting
