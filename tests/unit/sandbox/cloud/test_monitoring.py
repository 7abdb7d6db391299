"""What the simulated cloud says of alerts and channels beyond the rules of rules/monitoring.yaml."""

from typing import Any

import pytest

from sandbox.cloud import Cloud, Provider

ALERT = "gcp:monitoring/alertPolicy:AlertPolicy"
CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel"
HERE = Provider(project="triptrip-dev", region="asia-northeast1")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"severity": "HIGH"}, "severity"),
        ({"combiner": "XOR"}, "combiner"),
        (
            {"conditions": [{"displayName": "a", "conditionThreshold": {"comparison": "ABOVE", "duration": "0s"}}]},
            "conditions[0]",
        ),
        ({"severities": "ERROR"}, "severities"),
    ],
)
def test_a_value_that_is_none_of_the_api_s_is_refused_before_any_call(
    world: Any, changes: dict[str, Any], path: str
) -> None:
    inputs = world.changed("disk-alert", changes)
    found = world.cloud.check(ALERT, inputs, provider=world.provider).failures
    assert [one.property for one in found if one.property.startswith(path)]


def test_what_signs_a_channel_s_messages_is_secret(empty: Cloud) -> None:
    assert set(empty.secrets(CHANNEL)) == {
        "sensitiveLabels.authToken",
        "sensitiveLabels.serviceKey",
        "sensitiveLabels.password",
    }


def test_a_channel_is_named_as_policies_name_it(world: Any) -> None:
    slack = world.outputs["slack"]
    assert slack["name"] == world.ids["slack"]
    assert slack["name"] in world.outputs["disk-alert"]["notificationChannels"]


@pytest.mark.parametrize("names", [("Mail", "Slack"), ("Slack", "Mail")])
def test_an_id_follows_from_the_name_and_not_from_the_order_of_creation(names: tuple[str, ...]) -> None:
    first, second = _ready(), _ready()
    made = {name: _channel(first, name) for name in names}
    assert made == {name: _channel(second, name) for name in reversed(names)}
    assert _channel(first, "Mail") not in made.values(), "the same name once more is another channel"


def test_a_log_based_metric_is_judged_by_what_it_measures(world: Any) -> None:
    world.cloud.edit("gcp.logging.Metric", world.ids["log-metric"], "metricDescriptor.valueType", "DISTRIBUTION")
    where = 'metric.type="logging.googleapis.com/user/copies" AND resource.type="gcs_bucket"'
    step = {"alignmentPeriod": "300s", "perSeriesAligner": "ALIGN_PERCENTILE_95"}
    body = {"filter": where, "comparison": "COMPARISON_GT", "duration": "0s", "aggregations": [step]}
    made = world.changed("failure-alert", {"conditions": [{"displayName": "a", "conditionThreshold": body}]})
    assert world.create(ALERT, made).id


def test_a_preview_makes_a_channel_that_an_alert_can_name(empty: Cloud) -> None:
    inputs = {"type": "email", "displayName": "Mail", "labels": {"email_address": "data@triptrip.jp"}}
    checked = empty.check(CHANNEL, inputs, provider=HERE)
    assert not checked.failures
    assert "name" in empty.create(CHANNEL, checked.inputs, provider=HERE, preview=True).outputs


def _ready() -> Cloud:
    cloud = Cloud.open()
    service = {"service": "monitoring.googleapis.com", "project": HERE.project}
    cloud.create("gcp:projects/service:Service", service, provider=HERE)
    return cloud


def _channel(cloud: Cloud, name: str) -> str:
    inputs = {"type": "email", "displayName": name, "labels": {"email_address": "data@triptrip.jp"}}
    return cloud.create(CHANNEL, inputs, provider=HERE).id
