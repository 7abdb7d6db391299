"""Filters of Cloud Monitoring: what they choose, and what Google answers to those that are none."""

import pytest

from sandbox.monitoring.filters import FilterError, field_name, parse, the_one

FIELDS = {
    "metric.type": "pubsub.googleapis.com/subscription/backlog_bytes",
    "resource.type": "pubsub_subscription",
    "resource.labels.subscription_id": "invalidation-dead-letters",
    "metric.labels.state": "idle_in_transaction",
}


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ('metric.type = "pubsub.googleapis.com/subscription/backlog_bytes"', True),
        ('metric.type="pubsub.googleapis.com/subscription/backlog"', False),
        ('metric.type = starts_with("pubsub.googleapis.com/") AND resource.type = "pubsub_subscription"', True),
        ('resource.type = "pubsub_subscription" resource.labels.subscription_id = ends_with("letters")', True),
        ('resource.label.subscription_id = one_of("a", "invalidation-dead-letters")', True),
        ('resource.labels.subscription_id = one_of("a", "b")', False),
        ('resource.labels."subscription_id" != one_of("a", "b")', True),
        ('metric.labels.state = monitoring.regex.full_match("idle_.*")', True),
        ('metric.labels.state = monitoring.regex.full_match("idle")', False),
        ('metric.labels.state = has_substring("in_trans")', True),
        ("metric.labels.state = idle_in_transaction", True),
        ('metric.labels.state != "idle_in_transaction"', False),
        ('NOT metric.labels.state = "idle"', True),
        ('metric.labels.other = ""', True),
        ('resource.type = "x" OR metric.labels.state = "idle_in_transaction"', True),
        (
            'resource.type = "x" AND (metric.labels.state = "idle_in_transaction" OR metric.labels.state = "idle")',
            False,
        ),
    ],
)
def test_filter_chooses(text: str, *, accepted: bool) -> None:
    assert parse(text).accepts(FIELDS) is accepted


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", "syntax error"),
        ('metric.type = "a" AND', "syntax error"),
        ('metric.type = "a', "syntax error at line 1, column 15"),
        ('metric.type =~ "a.*"', "syntax error at line 1, column 14, token '~'"),
        ('metric.type = some_of("a")', "syntax error"),
        ('metric.type = "a" AND metric.labels.b = "c" OR metric.labels.d = "e"', "syntax error"),
        (
            'jsonPayload.disposition = "DENIED"',
            "must be prefixed with one of {group, metadata, metric, project, resource}",
        ),
        (f'metric.type = "{"a" * 2100}"', "must not exceed 2048"),
    ],
)
def test_filter_is_refused(text: str, answer: str) -> None:
    with pytest.raises(FilterError, match=answer.replace("{", r"\{").replace("}", r"\}")):
        parse(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('resource.type = "a" AND metric.type = "b"', "a"),
        ('metric.type = "b" AND (resource.type = one_of("a") AND metric.labels.x = "y")', "a"),
        ('resource.type != "a"', None),
        ('NOT resource.type = "a"', None),
        ('resource.type = one_of("a", "b")', None),
        ('resource.type = "a" OR resource.type = "b"', None),
        ('resource.type = starts_with("a")', None),
    ],
)
def test_value_that_a_filter_itself_says(text: str, value: str | None) -> None:
    assert the_one(parse(text), "resource.type") == value


def test_spellings_of_a_field() -> None:
    spellings = ("metric.label.state", "metric.labels.state", 'metric.label."state"', 'metric.labels."state"')
    assert {field_name(one) for one in spellings} == {"metric.labels.state"}
    assert field_name("resource.type") == "resource.type"
