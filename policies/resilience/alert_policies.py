"""Alert policies: each says what to do, reaches whom its severity needs, and ends with its cause."""

import re
from collections.abc import Iterator

from policies.kit import Case, Parameter, Resource, Severity, Stack, must_be, rule, stated
from policies.kit.references import declared
from policies.kit.types import ALERT_POLICY, NOTIFICATION_CHANNEL
from policies.kit.waiting import about_each_resource

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
