"""Alert policies: each says what to do, reaches whom its severity needs, and ends with its cause."""

import re
from collections.abc import Iterator

from policies.kit import Case, Node, Parameter, Resource, Severity, Stack, must_be, rule, stated
from policies.kit.references import declared
from policies.kit.types import ALERT_POLICY, NOTIFICATION_CHANNEL
from policies.kit.values import Secret
from policies.kit.waiting import about_each_resource
from policies.resilience.reading import must_be_given

_RUNBOOK = re.compile(r"docs/runbooks/[a-z0-9/-]+\.md")
_WRITTEN = {"content": "The disk is filling up. What to do: docs/runbooks/alerts/postgres-disk.md"}


@rule(
    "alr-runbook",
    title="An alert links the runbook that says what to do",
    severity=Severity.MEDIUM,
    types=[ALERT_POLICY],
    sources=["NIST 800-53: IR-4", "NIST 800-53: IR-8", "MON-PG"],
    reason="who is woken at night has forgotten what the figure means and which command comes first",
    fix="name docs/runbooks/alerts/<alert>.md in documentation.content",
    good=[Case({"documentation": _WRITTEN})],
    bad=[Case({}), Case({"documentation": {"content": "The disk is filling up."}}), Case({"documentation": {}})],
)
def runbook(policy: Resource) -> Iterator[str]:
    if not _RUNBOOK.search(policy.text("documentation.content")):
        yield stated(policy, "documentation.content", "a text that names a runbook of docs/runbooks")


@rule(
    "alr-severity",
    title="An alert is on, says how bad it is, and one cause is enough",
    severity=Severity.MEDIUM,
    types=[ALERT_POLICY],
    sources=["NIST 800-53: SI-4", "NIST 800-53: IR-4", "MON-PG"],
    reason="without a severity nobody knows whether to get up; one that is off, or waits for all conditions, is silent",
    fix="set enabled to true, combiner to OR and severity to WARNING or CRITICAL",
    good=[Case({"enabled": True, "combiner": "OR", "severity": "WARNING"})],
    bad=[
        Case({"enabled": False, "combiner": "OR", "severity": "WARNING"}),
        Case({"enabled": True, "combiner": "AND", "severity": "WARNING"}),
        Case({"enabled": True, "combiner": "OR"}),
        Case({"enabled": True, "combiner": "OR", "severity": "ERROR"}),
    ],
)
def severity(policy: Resource) -> Iterator[str]:
    yield from must_be(policy, "enabled", True)
    yield from must_be(policy, "combiner", "OR")
    yield from must_be(policy, "severity", "WARNING", "CRITICAL")


@rule(
    "alr-auto-close",
    title="An incident without data ends after a day or so",
    severity=Severity.LOW,
    types=[ALERT_POLICY],
    sources=["NIST 800-53: IR-4"],
    reason="Google's own seven days leave incidents of what is long gone beside those of today",
    fix="set monitoring.autoClose in the stack file",
    parameters={
        "least_seconds": Parameter(1800, "Seconds that an incident stays open at least"),
        "most_seconds": Parameter(172800, "Seconds after which it is closed without data"),
    },
    good=[Case({"alertStrategy": {"autoClose": "86400s"}})],
    bad=[
        Case({}),
        Case({"alertStrategy": {"autoClose": "604800s"}}),
        Case({"alertStrategy": {"autoClose": "60s"}}),
        Case({"alertStrategy": {"autoClose": "1d"}}),
    ],
)
def auto_close(policy: Resource, least_seconds: int, most_seconds: int) -> Iterator[str]:
    text = policy.text("alertStrategy.autoClose").removesuffix("s")
    if not text.isascii() or not text.isdigit() or not least_seconds <= int(text) <= most_seconds:
        yield stated(policy, "alertStrategy.autoClose", f"between {least_seconds}s and {most_seconds}s")


def _told(severity: str, *channels: str) -> Case:
    types = {"slack": "slack", "pager": "pagerduty"}
    stack = {
        key: (NOTIFICATION_CHANNEL, {"type": types[key], "name": f"projects/p/notificationChannels/{key}"})
        for key in types
    }
    named = [f"projects/p/notificationChannels/{key}" for key in channels]
    return Case(stack={**stack, "alert": (ALERT_POLICY, {"severity": severity, "notificationChannels": named})})


@rule(
    "alr-critical-wakes",
    title="A critical alert wakes somebody",
    severity=Severity.HIGH,
    types=[ALERT_POLICY, NOTIFICATION_CHANNEL],
    sources=["NIST 800-53: IR-4", "NIST 800-53: IR-6", "MON-PG"],
    reason="a message in a chat is read in the morning",
    fix="add pagerduty to monitoring.routes.critical, or to the alert's own channels",
    parameters={"kinds": Parameter(("pagerduty",), "Types of channels of which a critical alert needs one")},
    good=[_told("CRITICAL", "slack", "pager"), _told("WARNING", "slack"), _told("WARNING")],
    bad=[_told("CRITICAL", "slack"), _told("CRITICAL")],
)
def critical_wakes(stack: Stack, kinds: tuple[str, ...]) -> Iterator[tuple[Resource, str]]:
    def check(policy: Resource) -> Iterator[str]:
        if policy.text("severity") != "CRITICAL":
            return
        channels = declared(stack, policy, "notificationChannels", NOTIFICATION_CHANNEL)
        if not any(channel.text("type") in kinds for channel in channels):
            yield f"none of its channels is of type {' or '.join(kinds)}"

    yield from about_each_resource(stack.of(ALERT_POLICY), check)


_THRESHOLD = {"filter": 'metric.type = "m" AND resource.type = "r"', "comparison": "COMPARISON_GT", "thresholdValue": 0}


def _asking(*conditions: object) -> Case:
    return Case({"conditions": list(conditions), "notificationChannels": ["channel"]})


@rule(
    "alr-asks",
    title="Each condition of an alert asks for something, and somebody is told",
    severity=Severity.HIGH,
    types=[ALERT_POLICY],
    sources=["NIST 800-53: SI-4", "NIST 800-53: IR-6", "MON-PG"],
    reason="a condition without a question, or an alert without a channel, looks like one that has nothing to say",
    fix="leave conditions to infra/derive/alerts.py, and name a channel in monitoring.routes",
    good=[
        _asking({"conditionThreshold": _THRESHOLD}),
        _asking({"conditionPrometheusQueryLanguage": {"query": "up == 0"}}),
        _asking({"conditionMatchedLog": {"filter": 'severity="ERROR"'}}),
    ],
    bad=[
        Case({}),
        _asking(),
        _asking({}),
        _asking({"conditionThreshold": {**_THRESHOLD, "filter": ""}}),
        _asking({"conditionThreshold": {**_THRESHOLD, "comparison": None}}),
        _asking({"conditionThreshold": {**_THRESHOLD, "thresholdValue": None}}),
        _asking({"conditionPrometheusQueryLanguage": {}}),
        _asking({"conditionMatchedLog": {}}),
        Case({"conditions": [{"conditionThreshold": _THRESHOLD}]}),
        Case({"conditions": [{"conditionThreshold": _THRESHOLD}], "notificationChannels": []}),
    ],
)
def asks(policy: Resource) -> Iterator[str]:
    if policy.get("notificationChannels") in (None, "", []):
        yield "notificationChannels is not set"
    conditions = policy.nodes("conditions")
    if not conditions:
        yield "conditions is not set"
    for condition in conditions:
        if not any(all(_is_set(condition, path) for path in paths) for paths in _QUESTIONS):
            yield f"{condition.where} asks for nothing"


_QUESTIONS = (
    ("conditionThreshold.filter", "conditionThreshold.comparison", "conditionThreshold.thresholdValue"),
    ("conditionPrometheusQueryLanguage.query",),
    ("conditionMatchedLog.filter",),
)
"""What a condition of each kind must say."""


def _is_set(condition: Node, path: str) -> bool:
    return condition.get(path) not in (None, "")


def _channel(kind: object, **inputs: object) -> Case:
    labels: dict[str, dict[str, object]] = {
        "slack": {"labels": {"channel_name": "#a", "team": "T"}, "sensitiveLabels": {"authToken": Secret("a")}},
        "pagerduty": {"sensitiveLabels": {"serviceKey": Secret("a")}},
        "email": {"labels": {"email_address": "a@triptrip.jp"}},
    }
    return Case({"type": kind, "enabled": True, "forceDelete": False, **labels.get(str(kind), {}), **inputs})


@rule(
    "alr-channel",
    title="A channel of alerts is on, goes somewhere, and cannot be taken from alerts that name it",
    severity=Severity.HIGH,
    types=[NOTIFICATION_CHANNEL],
    sources=["NIST 800-53: IR-6", "MON-PG"],
    reason="a channel that is off, or was deleted by force, leaves alerts that tell nobody and look as before",
    fix="set enabled to true and forceDelete to false, and give the channel what its type needs",
    good=[_channel("slack"), _channel("pagerduty"), _channel("email")],
    bad=[
        _channel("pigeon"),
        _channel("slack", enabled=False),
        _channel("slack", enabled=None),
        _channel("slack", forceDelete=True),
        _channel("slack", labels={"team": "T"}),
        _channel("slack", labels={"channel_name": "#a"}),
        _channel("slack", sensitiveLabels={}),
        _channel("pagerduty", sensitiveLabels={"authToken": Secret("a")}),
        _channel("email", labels={}),
    ],
)
def channel(given: Resource) -> Iterator[str]:
    yield from must_be(given, "enabled", True)
    yield from must_be(given, "forceDelete", False)
    yield from must_be(given, "type", *_NEEDS)
    for path in _NEEDS.get(given.text("type"), ()):
        yield from must_be_given(given, path)


_NEEDS = {
    "slack": ("labels.channel_name", "labels.team", "sensitiveLabels.authToken"),
    "pagerduty": ("sensitiveLabels.serviceKey",),
    "email": ("labels.email_address",),
}
"""What a channel of each type must say (monitoring v3, notificationChannelDescriptors)."""
