"""Any store can be left out: what only it needs goes with it, and nothing else changes.

Every store of Pulumi.prod.yaml is tried, so that a new one is held to this by being there. What a store legitimately
shares with others stands in the tables below, each row with its reason; a row that is not needed any more fails.
"""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from typing import Any, NamedTuple

import pytest

from infra import catalog
from infra.derive.features import features
from infra.derive.identities import clients_by_place
from infra.derive.phases import lay_over
from infra.settings import Settings, load
from infra.settings.settings import STORES
from sandbox.plan import Plan, PlannedResource
from sandbox.plan.run import plan_settings
from tests.stacks import ANOTHERS_WORKER, declared

PROD = declared("prod")


class Shared(NamedTuple):
    """A place where a store reaches into what is not its own: a resource (a pattern) and, for changes, a path in it."""

    store: str
    resource: str
    path: str
    why: str


BILLED_BY_GOOGLE = (
    "postgres", "cache", "elasticsearch", "timescale", "bigquery", "invalidation", "cdn", "recovery",
)  # fmt: skip
"""The stores that something on Google's bill is estimated for: not what partners bill, nor what has no price."""

EXTENDS: tuple[Shared, ...] = (
    Shared("cache", "private-services", "inputs.reservedPeeringRanges", "Redis takes its addresses from its own range"),
    Shared(
        "recovery", "mongodb-backup-schedule", "inputs.autoExportEnabled", "Atlas exports snapshots by its schedule"
    ),
    Shared("recovery", "mongodb-backup-schedule", "inputs.export", "where to, and how often"),
    Shared("recovery", "mongodb-backup-schedule", "inputs.policyItemWeeklies", "a snapshot for each export"),
    Shared("recovery", "mongodb-backup-schedule", "options.dependsOn", "the bucket is there before it is exported to"),
    Shared("cache", "private-services", "options.dependsOn", "a range is there before the connection hands it out"),
    *(
        Shared("monitoring", "copies-alert-*", path, "alerts of copies are told to its channels")
        for path in (
            "inputs.notificationChannels",
            "inputs.alertStrategy",
            "inputs.documentation.content",
            "inputs.documentation.links",
            "options.dependsOn",
        )
    ),
    *(
        Shared("monitoring", "mongodb-alert-*", path, "Atlas tells its alerts to the same channels")
        for path in ("inputs.notifications", "options.dependsOn")
    ),
    *(
        Shared(store, f"{kind}-cache-performance", path, "the other one's panels are on the same page")
        for store in ("cache", "cdn", "invalidation")
        for kind, path in (("dashboard", "inputs.dashboardJson"), ("grafana", "inputs.configJson"))
    ),
    *(
        Shared(
            "postgres", f"{kind}-cache-performance", "options.dependsOn", "what any page asks is there before all pages"
        )
        for kind in ("dashboard", "grafana")
    ),
    *(
        Shared("cdn", "invalidation-worker", path, "the worker is told which CDN it purges, and let do it")
        for path in ("inputs.template.containers", "options.dependsOn")
    ),
    *(
        Shared(store, "budget", "inputs.amount.specifiedAmount.units", "a month is estimated of what is there")
        for store in BILLED_BY_GOOGLE
    ),
)
"""Inputs and options (`inputs.reservedPeeringRanges`, `options.dependsOn`) of other resources that a store adds to."""

NAMED_BY: tuple[Shared, ...] = (
    Shared("cache", "invalidation-*", "", "the document calls the bus cache-invalidation, with or without a cache"),
    Shared("schemas", "invalidation-topic", "", "Pub/Sub keeps what a message looks like under projects/…/schemas"),
    Shared("cache", "alert-invalidation-*", "", "they are about the subscriptions of cache-invalidation"),
    *(Shared("cache", f"{kind}-cache-performance", "", "the CDN is a cache too") for kind in ("dashboard", "grafana")),
    Shared("bigquery", "alert-configuration-change-*", "", "one filter names what each service calls a change"),
    Shared("recovery", "alert-postgres-log-archive-*", "", "PostgreSQL's own recovery to the minute"),
    Shared("monitoring", "copies-alert-*", "", "the name of Google's service"),
    Shared("monitoring", "service-monitoring", "", "the name of Google's service"),
    Shared("monitoring", "pooler-metricWriter", "", "the name of Google's service"),
    Shared("monitoring", "invalidation-worker-figures", "", "the name of Google's service"),
    Shared("cache", "cdn-api", "", "the CDN is a cache by itself, and its backend says which paths it keeps"),
)
"""Resources that carry a store's name though they are not that store's."""


def _asked_without(store: str) -> dict[str, Any]:
    """The exporters of the others; they stand on the pooler's machines, which hold what all of them sign in with."""
    asked = [each for each in PROD["monitoring"]["exporters"]["stores"] if each != store]
    return {"monitoring": {"exporters": {"stores": asked, **({"timescale": None} if store == "timescale" else {})}}}


WITH_IT: Mapping[str, dict[str, Any]] = {
    "postgres": {"bigquery": {"federation": None}, "monitoring": {"exporters": None}},
    "monitoring": {"monitoring": {"exporters": None}},
    "cache": {
        **_asked_without("redis"),
        **ANOTHERS_WORKER,
    },
    "elasticsearch": _asked_without("elasticsearch"),
    "schemas": _asked_without("elasticsearch"),
    "timescale": _asked_without("timescale"),
}
"""Settings of other stores that name a store, and must be changed when it is left out; laid over both plans."""

WATCHERS = {"monitoring"}
"""What is switched on like a store and keeps nothing, so that it is not in the inventory."""

FOUNDATION = {
    "cloudkms", "cloudresourcemanager", "compute", "dns", "iam", "logging", "monitoring", "secretmanager",
    "servicenetworking",
}  # fmt: skip
"""The APIs of a stack without any store."""


class Switched(NamedTuple):
    """A store left out, and the same stack with it."""

    store: str
    settings: tuple[Settings, Settings]
    with_it: Plan
    without: Plan


def present() -> list[str]:
    return [store for store in STORES if store in PROD]


def switched_off(store: str) -> Switched:
    raw = lay_over(PROD, WITH_IT.get(store, {}))
    whole = load(raw)
    less = load({subject: value for subject, value in raw.items() if subject != store})
    return Switched(store, (whole, less), plan_settings(whole, "prod"), plan_settings(less, "prod"))


@pytest.fixture(scope="module", params=present())
def switched(request: pytest.FixtureRequest) -> Switched:
    return switched_off(request.param)


def by_urn(plan: Plan) -> dict[str, PlannedResource]:
    return {each.urn: each for each in plan.resources}


def differences(path: str, one: Any, other: Any) -> Iterator[str]:
    """The paths at which two plain values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({**one, **other}):
            yield from differences(f"{path}.{key}", one.get(key), other.get(key))
    elif one != other:
        yield path


def texts(value: Any) -> Iterator[str]:
    """Every text in a value, property names left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts(item)


def mentions(resource: PlannedResource, store: str) -> bool:
    """Whether a resource's place or content has the store's name in it as a word.

    The second region is called disaster-recovery, with or without copies in it.
    """
    word = re.compile(rf"(?<![a-z0-9_])(?<!disaster-){store}(?![a-z0-9_])", re.IGNORECASE)
    own = [resource.urn, *texts(resource.inputs), *texts(resource.options)]
    return any(word.search(text) for text in own)


def excused(store: str, name: str) -> bool:
    """Whether a resource may carry a store's name though it is not that store's."""
    return any(row.store == store and fnmatch(name, row.resource) for row in NAMED_BY)


def assert_excused(found: set[tuple[str, str]], store: str, table: tuple[Shared, ...]) -> None:
    """Every (resource, path) found has its row, and every row of the store has something it is there for."""
    rows = [row for row in table if row.store == store]
    unexcused = {
        (name, path) for name, path in found if not any(fnmatch(name, r.resource) and path == r.path for r in rows)
    }
    idle = [r for r in rows if not any(fnmatch(name, r.resource) and path == r.path for name, path in found)]
    assert not unexcused
    assert not idle


def test_what_is_left_was_there_before(switched: Switched) -> None:
    assert set(by_urn(switched.without)) < set(by_urn(switched.with_it))


def test_nothing_that_is_left_changes(switched: Switched) -> None:
    before = by_urn(switched.with_it)
    changed = {
        (after.name, path)
        for urn, after in by_urn(switched.without).items()
        for kind in ("inputs", "options")
        for path in differences(kind, getattr(before[urn], kind), getattr(after, kind))
    }
    assert_excused(changed, switched.store, EXTENDS)


def test_nothing_that_is_left_mentions_the_store(switched: Switched) -> None:
    named = {(each.name, "") for each in switched.without.resources if mentions(each, switched.store)}
    assert_excused(named, switched.store, NAMED_BY)


def test_its_apis_keys_and_agents_go_with_it(switched: Switched) -> None:
    gone = features(switched.settings[0]) - features(switched.settings[1])
    assert gone
    left = {each.name for each in switched.without.resources}
    keys = catalog.encryption_keys()
    for api, row in catalog.services().items():
        assert (f"service-{api.removesuffix('.googleapis.com')}" in left) == (
            row.needs is None or row.needs in features(switched.settings[1])
        )
    assert not [
        name for key, row in keys.items() if row.needs in gone for name in left if re.fullmatch(rf"key-.+-{key}", name)
    ]
    agents = {each.inputs["service"] for each in switched.without.of_type("ServiceIdentity")}
    assert not agents & {row.agent for row in keys.values() if row.needs in gone} - {
        row.agent for row in keys.values() if row.needs not in gone
    }


def test_accounts_are_those_of_the_programs_that_are_left(switched: Switched) -> None:
    accounts = {
        each.name.removeprefix("account-") for each in switched.without.resources if each.name.startswith("account-")
    }
    assert accounts == set(clients_by_place(switched.settings[1]))


def test_its_outputs_go_with_it(switched: Switched) -> None:
    assert not [name for name in switched.without.outputs if name.lower().startswith(switched.store)]
    stores = [record["store"] for record in switched.with_it.outputs["inventory"]]
    assert (switched.store in stores) == (switched.store not in WATCHERS)
    assert [record["store"] for record in switched.without.outputs["inventory"]] == [
        store for store in stores if store != switched.store
    ]


def test_a_stack_without_any_store_is_its_foundation_alone() -> None:
    plan = plan_settings(load({subject: value for subject, value in PROD.items() if subject not in STORES}), "prod")
    assert plan.outputs["inventory"] == []
    assert not plan.of_type("serviceaccount/account:Account")
    # Written out: a row of the catalogue without its `needs` would leave a store's key or API in every stack.
    assert {each.inputs["name"] for each in plan.of_type(":CryptoKey")} == {"secrets"}
    assert {each.inputs["service"] for each in plan.of_type("ServiceIdentity")} == {"secretmanager.googleapis.com"}
    assert {each.inputs["service"].partition(".")[0] for each in plan.of_type("projects/service:Service")} == FOUNDATION
    named = {(store, each.name) for each in plan.resources for store in STORES if mentions(each, store)}
    assert not {(store, name) for store, name in named if not excused(store, name)}


def test_the_tables_name_stores_and_reasons() -> None:
    for row in (*EXTENDS, *NAMED_BY):
        assert row.store in STORES
        assert row.why
    assert set(WITH_IT) <= set(STORES)
