"""Alerts of MongoDB Atlas: that a cluster has them all, and that they reach somebody in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from policies.kit import Case, Level, Node, Parameter, Resource, Severity, Stack, must_be, rule
from policies.kit.types import ATLAS_ALERT, ATLAS_CLUSTER, ATLAS_PROJECT
from policies.kit.waiting import about_each_resource, all_of, every, some_of
from policies.resilience.reading import missing, must_be_given, same


@dataclass(frozen=True)
class _AtlasAlert:
    """An alert that every cluster needs: its event or metric, and the loosest threshold."""

    name: str
    operator: str = ""
    limit: float = 0
    units: str = "RAW"

    def is_given_by(self, alert: Resource) -> bool:
        """Whether an alert configuration is this alert, told to somebody, at this threshold or a stricter one."""
        metric = alert.text("metricThresholdConfig.metricName")
        kind = alert.text("eventType")
        return (
            self.name in (metric if kind == _METRIC_EVENT else "", kind)
            and _told(alert)
            and self._strict_enough(alert, metric)
        )

    def __str__(self) -> str:
        return f"{self.name} {self.operator} {self.limit:g} {self.units}" if self.operator else self.name

    def _strict_enough(self, alert: Resource, metric: str) -> bool:
        if not self.operator:
            return True
        threshold = alert.node("metricThresholdConfig" if metric else "thresholdConfig")
        value = threshold.number("threshold")
        stated = (threshold.text("operator"), threshold.text("units"))
        if value is None or stated != (self.operator, self.units):
            return False
        return value <= self.limit if self.operator == _ABOVE else value >= self.limit


_METRIC_EVENT = "OUTSIDE_METRIC_THRESHOLD"
_ABOVE, _BELOW = "GREATER_THAN", "LESS_THAN"
_ATLAS = (
    _AtlasAlert("NORMALIZED_SYSTEM_CPU_USER", _ABOVE, 70),
    _AtlasAlert("SYSTEM_MEMORY_PERCENT_USED", _ABOVE, 90),
    _AtlasAlert("DISK_PARTITION_SPACE_USED_DATA", _ABOVE, 85),
    _AtlasAlert("DISK_PARTITION_READ_LATENCY_DATA", _ABOVE, 50, "MILLISECONDS"),
    _AtlasAlert("DISK_PARTITION_WRITE_LATENCY_DATA", _ABOVE, 50, "MILLISECONDS"),
    _AtlasAlert("CONNECTIONS_PERCENT", _ABOVE, 80),
    _AtlasAlert("OPLOG_REPLICATION_LAG_TIME", _ABOVE, 30, "SECONDS"),
    _AtlasAlert("QUERY_TARGETING_SCANNED_OBJECTS_PER_RETURNED", _ABOVE, 1000),
    _AtlasAlert("TICKETS_AVAILABLE_READS", _BELOW, 5),
    _AtlasAlert("TICKETS_AVAILABLE_WRITES", _BELOW, 5),
    _AtlasAlert("REPLICATION_OPLOG_WINDOW_RUNNING_OUT", _BELOW, 12, "HOURS"),
    _AtlasAlert("TOO_MANY_ELECTIONS", _ABOVE, 3),
    _AtlasAlert("CPS_SNAPSHOT_BEHIND", _ABOVE, 12, "HOURS"),
    _AtlasAlert("GCP_ENCRYPTION_KEY_NEEDS_ROTATION", _ABOVE, 97, "DAYS"),
    _AtlasAlert("GCP_ENCRYPTION_KEY_INVALID"),
    _AtlasAlert("CPS_SNAPSHOT_FAILED"),
    _AtlasAlert("CPS_COPY_SNAPSHOT_FAILED"),
    _AtlasAlert("CPS_EXPORT_FAILED"),
    _AtlasAlert("CPS_AUTO_EXPORT_FAILED"),
    _AtlasAlert("CPS_OPLOG_BEHIND"),
    _AtlasAlert("CPS_RESTORE_FAILED"),
    _AtlasAlert("HOST_DOWN"),
    _AtlasAlert("NO_PRIMARY"),
    _AtlasAlert("COMPUTE_AUTO_SCALE_MAX_INSTANCE_SIZE_FAIL_BASE"),
    _AtlasAlert("DISK_AUTO_SCALE_MAX_DISK_SIZE_FAIL"),
)
"""MON-PG's thresholds where Atlas measures the same; Atlas's own recommendations for the rest."""

_DESTINATIONS = {
    "EMAIL": ("emailAddress",),
    "GROUP": ("emailEnabled",),
    "ORG": ("emailEnabled",),
    "USER": ("emailEnabled",),
    "PAGER_DUTY": ("serviceKey",),
    "SLACK": ("apiToken", "channelName"),
}
"""What a notification of each type must say to reach somebody."""


def _told(alert: Resource) -> bool:
    return alert.get("enabled") is True and any(_reaches_somebody(each) for each in alert.nodes("notifications"))


def _reaches_somebody(notification: Node) -> bool:
    kind = notification.text("typeName")
    return bool(kind) and all(bool(notification.get(path)) for path in _DESTINATIONS.get(kind, ()))


def _atlas_alert(alert: _AtlasAlert, **inputs: object) -> tuple[str, dict[str, object]]:
    threshold = {"operator": alert.operator, "threshold": alert.limit, "units": alert.units}
    named = {"eventType": alert.name, "thresholdConfig": threshold}
    told = [{"typeName": "EMAIL", "emailAddress": "platform@example.com"}]
    return ATLAS_ALERT, {"projectId": "p", "enabled": True, "notifications": told, **named, **inputs}


def _atlas(*left_out: str, **first: object) -> Case:
    alerts = {each.name: _atlas_alert(each) for each in _ATLAS if each.name not in left_out}
    loosened = {"loosened": _atlas_alert(_ATLAS[0], **first)} if first else {}
    return Case(stack={"cluster": (ATLAS_CLUSTER, {"projectId": "p"}), **alerts, **loosened})


_CPU = _ATLAS[0].name


@rule(
    "atl-alert-coverage",
    title="Every Atlas cluster has the alerts that its operators need",
    severity=Severity.MEDIUM,
    types=[ATLAS_CLUSTER, ATLAS_ALERT],
    sources=["NIST 800-53: SI-4", "NIST 800-53: AU-6", "MON-PG"],
    reason="a cluster that is full, slow or without backups is found out by its users",
    fix="add the alert to infra/catalog/atlas_alerts.yaml, at this threshold or a stricter one",
    good=[_atlas(), Case()],
    bad=[
        _atlas(_CPU),
        _atlas("HOST_DOWN"),
        _atlas(_CPU, thresholdConfig={"operator": _ABOVE, "threshold": 99, "units": "RAW"}),
        _atlas(_CPU, thresholdConfig={"operator": _BELOW, "threshold": 70, "units": "RAW"}),
        _atlas(_CPU, thresholdConfig={"operator": _ABOVE, "threshold": 70, "units": "DAYS"}),
        _atlas(_CPU, enabled=False),
        _atlas(_CPU, notifications=[]),
        _atlas(_CPU, notifications=[{"typeName": "GROUP", "emailEnabled": False}]),
        _atlas(_CPU, projectId="another"),
    ],
)
def coverage(stack: Stack) -> Iterator[tuple[Resource, str]]:
    configured = stack.of(ATLAS_ALERT)

    def check(cluster: Resource) -> Iterator[str]:
        def given(wanted: _AtlasAlert) -> bool:
            return some_of(configured, partial(_is_given, wanted, cluster))

        yield from missing("no alert that tells somebody in time:", _ATLAS, given)

    yield from about_each_resource(stack.of(ATLAS_CLUSTER), check)


def _is_given(wanted: _AtlasAlert, cluster: Resource, alert: Resource) -> bool:
    return every(lambda: same(alert, "projectId", cluster, "projectId"), lambda: wanted.is_given_by(alert))


_EMAIL = {"typeName": "EMAIL", "emailAddress": "platform@example.com", "delayMin": 5, "intervalMin": 60}
_GROUP = {"typeName": "GROUP", "emailEnabled": True, "roles": ["GROUP_OWNER"], "delayMin": 0, "intervalMin": 60}
_SLACK = {"typeName": "SLACK", "apiToken": "token", "channelName": "alerts", "delayMin": 0, "intervalMin": 60}
_CHANNELS = (*_DESTINATIONS, "OPS_GENIE", "WEBHOOK", "MICROSOFT_TEAMS", "VICTOR_OPS")


@rule(
    "atl-alert-told",
    title="Each alert of Atlas is switched on and told soon, again and again",
    severity=Severity.MEDIUM,
    types=[ATLAS_ALERT],
    sources=["NIST 800-53: SI-4", "MON-PG"],
    reason="an alert that goes nowhere, or comes an hour late, is no alert",
    fix="set mongodb.alerts in the stack file",
    parameters={
        "most_delay": Parameter(15, "Longest time in minutes before an alert is told"),
        "most_interval": Parameter(60, "Longest time in minutes before it is told again"),
    },
    good=[
        Case({"enabled": True, "notifications": [_EMAIL, _GROUP]}),
        Case(
            {"enabled": True, "notifications": [{"typeName": "PAGER_DUTY", "serviceKey": "key", "delayMin": 0}, _SLACK]}
        ),
    ],
    bad=[
        Case({"enabled": False, "notifications": [_EMAIL]}),
        Case({"notifications": [_EMAIL]}),
        Case({"enabled": True, "notifications": []}),
        Case({"enabled": True, "notifications": [{**_EMAIL, "emailAddress": ""}]}),
        Case({"enabled": True, "notifications": [{**_EMAIL, "typeName": "PIGEON"}]}),
        Case({"enabled": True, "notifications": [{**_EMAIL, "delayMin": 600}]}),
        Case({"enabled": True, "notifications": [{**_EMAIL, "intervalMin": None}]}),
        Case({"enabled": True, "notifications": [_EMAIL, {**_GROUP, "emailEnabled": False}]}),
        Case({"enabled": True, "notifications": [_EMAIL, {**_GROUP, "roles": []}]}),
        Case({"enabled": True, "notifications": [{"typeName": "PAGER_DUTY", "delayMin": 0}]}),
        Case({"enabled": True, "notifications": [{**_SLACK, "apiToken": ""}]}),
        Case({"enabled": True, "notifications": [{**_SLACK, "channelName": ""}]}),
    ],
)
def atlas_alert_told(alert: Resource, most_delay: int, most_interval: int) -> Iterator[str]:
    def told() -> Iterator[str]:
        notifications = alert.nodes("notifications")
        if not notifications:
            yield "notifications is not set"
        yield from all_of(
            *(part(each) for each in notifications for part in (to_somebody, soon, partial(_again, most=most_interval)))
        )

    def to_somebody(notification: Node) -> Iterator[str]:
        yield from must_be(notification, "typeName", *_CHANNELS)
        if not _reaches_somebody(notification):
            yield f"{notification.where} reaches nobody"
        if notification.text("typeName") in ("GROUP", "ORG"):
            yield from must_be_given(notification, "roles")

    def soon(notification: Node) -> Iterator[str]:
        delay = notification.number("delayMin")
        if delay is None or delay > most_delay:
            yield f"{notification.where}.delayMin is {notification.shown('delayMin')}; at most {most_delay:g}"

    yield from all_of(must_be(alert, "enabled", True), told())


def _again(notification: Node, most: int) -> Iterator[str]:
    """PagerDuty repeats by itself; Atlas gives no interval back for it: one that is sent would differ for ever."""
    if notification.text("typeName") == "PAGER_DUTY":
        return
    interval = notification.number("intervalMin")
    if not interval or interval > most:
        yield f"{notification.where}.intervalMin is {notification.shown('intervalMin')}; 1 to {most:g}"


def _measured(**config: object) -> Case:
    whole = {"metricName": "CONNECTIONS", "operator": "GREATER_THAN", "threshold": 1, "units": "RAW"}
    return Case({"eventType": _METRIC_EVENT, "metricThresholdConfig": {**whole, **config}})


@rule(
    "atl-alert-asks",
    title="An alert of Atlas about a metric says which, and from which figure on",
    severity=Severity.MEDIUM,
    types=[ATLAS_ALERT],
    sources=["NIST 800-53: SI-4", "MON-PG"],
    reason="an alert without a threshold has nothing to compare with",
    fix="leave metrics and thresholds to infra/catalog/atlas_alerts.yaml",
    good=[_measured(), _measured(threshold=0), Case({"eventType": "NO_PRIMARY"})],
    bad=[
        _measured(metricName=""),
        _measured(operator=None),
        _measured(operator="EQUALS"),
        _measured(threshold=None),
        _measured(units=None),
        Case({"eventType": _METRIC_EVENT}),
    ],
)
def atlas_alert_asks(alert: Resource) -> Iterator[str]:
    if alert.text("eventType") != _METRIC_EVENT:
        return
    config = alert.node("metricThresholdConfig")
    yield from must_be(config, "operator", _ABOVE, _BELOW)
    if config.number("threshold") is None:
        yield f"{config.where}.threshold is not set"
    for path in ("metricName", "units"):
        yield from must_be_given(config, path)


_ADVISERS = (
    "isCollectDatabaseSpecificsStatisticsEnabled",
    "isPerformanceAdvisorEnabled",
    "isRealtimePerformancePanelEnabled",
    "isSchemaAdvisorEnabled",
)


@rule(
    "atl-insights",
    title="Atlas measures databases and advises on slow queries",
    severity=Severity.LOW,
    level=Level.ADVISORY,
    types=[ATLAS_PROJECT],
    sources=["NIST 800-53: SI-4", "DASH"],
    reason="without its statistics nobody sees which query is slow",
    fix="set the project's advisers and statistics to true",
    good=[Case(dict.fromkeys(_ADVISERS, True))],
    bad=[Case({**dict.fromkeys(_ADVISERS, True), _ADVISERS[0]: False}), Case({})],
)
def atlas_insights(project: Resource) -> Iterator[str]:
    for adviser in _ADVISERS:
        yield from must_be(project, adviser, True)
