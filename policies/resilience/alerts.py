"""Alerts of Google Cloud: every store has somebody who is told before it fails."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

from policies.kit import Case, Resource, Severity, Stack, Undecided, leaves, rule
from policies.kit.postgres import is_primary
from policies.kit.types import (
    ALERT_POLICY,
    DATA_TRANSFER,
    DATASET,
    HTTPS_PROXY,
    REDIS,
    SQL_INSTANCE,
    SUBSCRIPTION,
    VALKEY,
)
from policies.kit.waiting import about_each_resource, every, some_of
from policies.resilience.reading import is_unknown, missing

_Wanted = Mapping[str, Sequence[str]]
"""What must be watched, each with the metrics of which one is enough."""

_SQL = "cloudsql.googleapis.com/database"
_EVERY_INSTANCE: _Wanted = {
    "whether it is up": (f"{_SQL}/up",),
    "CPU": (f"{_SQL}/cpu/",),
    "memory": (f"{_SQL}/memory/",),
    "disk": (f"{_SQL}/disk/utilization", f"{_SQL}/disk/bytes_used"),
    "connections": (f"{_SQL}/postgresql/num_backends",),
    "query latency": (f"{_SQL}/postgresql/insights/",),
    "deadlocks": (f"{_SQL}/postgresql/deadlock_count",),
}
_PRIMARY: _Wanted = {
    **_EVERY_INSTANCE,
    "throughput": (f"{_SQL}/postgresql/transaction_count",),
    "transaction ids": (f"{_SQL}/postgresql/transaction_id_utilization",),
    "archived logs": (f"{_SQL}/replication/log_archive_failure_count",),
    "backups": ("logging.googleapis.com/user/triptrip_postgres_backup_age",),
}
_REPLICA: _Wanted = {
    **_EVERY_INSTANCE,
    "replica lag": (f"{_SQL}/replication/replica_lag",),
}
_REDIS = "redis.googleapis.com"
_VALKEY = "memorystore.googleapis.com/instance"
_WANTED: Mapping[str, _Wanted] = {
    REDIS: {
        "memory": (f"{_REDIS}/stats/memory/usage_ratio",),
        "its machine's memory": (f"{_REDIS}/stats/memory/system_memory_usage_ratio",),
        "CPU": (f"{_REDIS}/stats/cpu_utilization",),
        "evicted keys": (f"{_REDIS}/stats/evicted_keys",),
        "replicas": (f"{_REDIS}/replication/",),
        "hit rate": (f"{_REDIS}/stats/keyspace_hits", f"{_REDIS}/stats/cache_hit_ratio"),
        "operations": (f"{_REDIS}/commands/calls",),
    },
    VALKEY: {
        "memory": (f"{_VALKEY}/memory/", f"{_VALKEY}/node/memory/"),
        "CPU": (f"{_VALKEY}/cpu/", f"{_VALKEY}/node/cpu/"),
    },
    DATASET: {"queries": ("bigquery.googleapis.com/",)},
    DATA_TRANSFER: {"failed runs": ("bigquerydatatransfer.googleapis.com/",)},
    SUBSCRIPTION: {
        "waiting messages": (
            "pubsub.googleapis.com/subscription/oldest_unacked_message_age",
            "pubsub.googleapis.com/subscription/num_undelivered_messages",
        )
    },
    HTTPS_PROXY: {"errors and hit rate": ("loadbalancing.googleapis.com/https/request_count",)},
}
_NAMES = {
    DATASET: "datasetId",
    DATA_TRANSFER: "displayName",
    HTTPS_PROXY: "name",
    REDIS: "name",
    SQL_INSTANCE: "name",
    SUBSCRIPTION: "name",
    VALKEY: "instanceId",
}
_NAMES_A_METRIC = ("condition", "denominatorFilter", "filter", "query")
"""How the properties of a condition begin that name its metric, or hold one that does."""

_SCOPE = re.compile(
    r'\b(?:database_id|resource_id|instance_id|subscription_id|dataset_id|config_id)"?\s*=~?\s*'
    r'("[^"]+"|one_of\([^)]+\))'
)
"""What limits a condition to some resources, in a filter or in PromQL."""


def _policy(*metrics: str, scope: str = "", **inputs: object) -> tuple[str, dict[str, object]]:
    conditions = [
        {"displayName": "too much", "conditionThreshold": {"filter": f'metric.type = "{metric}"{scope}'}}
        for metric in metrics
    ]
    return ALERT_POLICY, {"conditions": conditions, "notificationChannels": ["channel"], "enabled": True, **inputs}


def _first(wanted: _Wanted) -> list[str]:
    return [metrics[0] for metrics in wanted.values()]


_SUBSCRIPTION = (SUBSCRIPTION, {"name": "work"})
_OLDEST = "pubsub.googleapis.com/subscription/oldest_unacked_message_age"
_REPLICA_INPUTS = {"name": "replica", "masterInstanceName": "primary"}


@rule(
    "st-alert-coverage",
    title="Every store on Google Cloud has alerts that reach somebody",
    severity=Severity.MEDIUM,
    types=[*_NAMES, ALERT_POLICY],
    sources=["NIST 800-53: SI-4", "NIST 800-53: AU-6", "MON-PG", "MON-RDS"],
    reason="a store that is full, slow or without backups is found out by its users",
    fix="declare an alert policy with a notification channel for what the message names",
    good=[
        Case(stack={"primary": (SQL_INSTANCE, {"name": "primary"}), "alert": _policy(*_first(_PRIMARY))}),
        Case(
            stack={
                "primary": (SQL_INSTANCE, {"name": "primary"}),
                "replica": (SQL_INSTANCE, _REPLICA_INPUTS),
                "alert": _policy(*_first(_PRIMARY), *_first(_REPLICA)),
            }
        ),
        Case(
            stack={
                "work": _SUBSCRIPTION,
                "alert": _policy(_OLDEST, scope=' AND resource.label.subscription_id = "work"'),
            }
        ),
        Case(
            stack={
                "primary": (SQL_INSTANCE, {"name": "primary"}),
                "alert": _policy(
                    *_first(_PRIMARY), scope=' AND resource.labels.database_id = one_of("p:x", "p:primary")'
                ),
            }
        ),
        Case(stack={"cache": (REDIS, {"name": "cache"}), "alert": _policy(*_first(_WANTED[REDIS]))}),
        Case(),
    ],
    bad=[
        Case(stack={"primary": (SQL_INSTANCE, {"name": "primary"})}),
        Case(stack={"primary": (SQL_INSTANCE, {"name": "primary"}), "alert": _policy(*_first(_EVERY_INSTANCE))}),
        Case(stack={"replica": (SQL_INSTANCE, _REPLICA_INPUTS), "alert": _policy(*_first(_PRIMARY))}),
        Case(stack={"cache": (REDIS, {"name": "cache"})}),
        Case(
            stack={
                "primary": (SQL_INSTANCE, {"name": "primary"}),
                "alert": _policy(*_first(_PRIMARY), scope=' AND resource.labels.database_id = one_of("p:x", "p:y")'),
            }
        ),
        Case(stack={"cache": (VALKEY, {"instanceId": "cache"})}),
        Case(stack={"raw": (DATASET, {"datasetId": "raw"})}),
        Case(stack={"work": _SUBSCRIPTION}),
        Case(stack={"work": _SUBSCRIPTION, "alert": _policy(_OLDEST, enabled=False)}),
        Case(stack={"work": _SUBSCRIPTION, "alert": _policy(_OLDEST, notificationChannels=[])}),
        Case(
            stack={"work": _SUBSCRIPTION, "alert": _policy(_OLDEST, scope=' AND resource.label.subscription_id = "x"')}
        ),
    ],
)
def coverage(stack: Stack) -> Iterator[tuple[Resource, str]]:
    asked = [each for policy in stack.of(ALERT_POLICY) for each in _asked(policy)]

    def store(resource: Resource) -> Iterator[str]:
        wanted = _wanted(resource)

        def watched(what: str) -> bool:
            spellings = [each for metric in wanted[what] for each in _spellings(metric)]
            near = [each for each in asked if each.may_name(spellings)]
            return some_of(near, partial(_watches, spellings=spellings, store=resource))

        yield from missing("no alert policy that tells somebody watches its", wanted, watched)

    yield from about_each_resource(stack.of(*_NAMES), store)


@dataclass(frozen=True)
class _Asked:
    """A condition, read once: all its texts, and where one is unknown that may name a metric."""

    policy: Resource
    text: str
    unknown: str

    def names(self, spellings: Sequence[str]) -> bool:
        """Whether one of the metrics is in it."""
        return any(each in self.text for each in spellings)

    def may_name(self, spellings: Sequence[str]) -> bool:
        """Whether one of the metrics is in it, or may be after the update."""
        return bool(self.unknown) or self.names(spellings)


def _asked(policy: Resource) -> Iterator[_Asked]:
    if not policy.known("conditions"):
        yield _Asked(policy, "", "conditions")
        return
    for condition in policy.nodes("conditions"):
        values = list(leaves(dict(condition.values)))
        unknown = (path for path, value in values if is_unknown(value) and path[-1].startswith(_NAMES_A_METRIC))
        where = next((".".join((condition.where, *path)) for path in unknown), "")
        yield _Asked(policy, " ".join(str(value) for _, value in values), where)


def _wanted(resource: Resource) -> _Wanted:
    if resource.type == SQL_INSTANCE:
        return _PRIMARY if is_primary(resource) else _REPLICA
    return _WANTED[resource.type]


def _watches(asked: _Asked, spellings: Sequence[str], store: Resource) -> bool:
    return every(
        lambda: asked.policy.get("enabled") in (True, None),
        lambda: asked.policy.get("notificationChannels") not in (None, "", [], {}),
        lambda: _measures(asked, spellings, store),
    )


def _measures(asked: _Asked, spellings: Sequence[str], store: Resource) -> bool:
    if asked.names(spellings):
        return _is_about(asked.text, store)
    if asked.unknown:
        raise Undecided(asked.unknown)
    return False


@cache
def _spellings(metric: str) -> tuple[str, str]:
    """A metric as filters and as PromQL write it: cloudsql_googleapis_com:database_cpu_utilization."""
    domain, _, path = metric.partition("/")
    return metric, f"{domain.replace('.', '_')}:{path.replace('/', '_')}"


def _is_about(text: str, store: Resource) -> bool:
    found: list[str] = _SCOPE.findall(text)
    if not found:
        return True
    named = [each for scope in found for quoted in re.findall(r'"([^"]+)"', scope) for each in quoted.split("|")]
    name = store.text(_NAMES[store.type])
    return not name or any(re.fullmatch(rf"(.*[:/])?{re.escape(name)}", each) for each in named)
