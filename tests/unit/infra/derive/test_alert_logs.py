"""Alerts of logs: which entries raise one, and which are somebody's daily work."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pytest

from infra.derive.platform import derive
from sandbox.monitoring.logs import log_filter
from tests.stacks import settings_of

Entry = Mapping[str, Any]
DEPLOYER = "pulumi-deployer@triptrip-prod.iam.gserviceaccount.com"
PERSON = "someone@triptrip.jp"


@cache
def passes(alert: str) -> Callable[[Entry], bool]:
    """The filter of an alert of prod, or of the metric it asks for."""
    monitoring = derive(settings_of("prod")).monitoring
    assert monitoring is not None
    plan = next(each for each in monitoring.alerts if each.alert == alert)
    text = plan.counted.filter if plan.counted else plan.conditions[0]["condition_matched_log"]["filter"]
    return log_filter(text)


def activity(method: str, who: str = PERSON, log: str = "activity", **payload: object) -> Entry:
    return {
        "logName": f"projects/triptrip-prod/logs/cloudaudit.googleapis.com%2F{log}",
        "protoPayload": {"methodName": method, "authenticationInfo": {"principalEmail": who}, **payload},
    }


@pytest.mark.parametrize(
    "method",
    [
        "cloudsql.instances.update",
        "cloudsql.instances.delete",
        "cloudsql.instances.restart",
        "cloudsql.users.create",
        "cloudsql.databases.delete",
        "google.cloud.redis.v1.CloudRedis.UpdateInstance",
        "google.cloud.redis.v1.CloudRedis.DeleteInstance",
        "google.cloud.memorystore.v1.Memorystore.UpdateInstance",
        "google.pubsub.v1.Publisher.DeleteTopic",
        "google.pubsub.v1.Subscriber.ModifyPushConfig",
        "google.cloud.bigquery.v2.DatasetService.UpdateDataset",
    ],
)
def test_a_person_who_changes_a_store_is_told_of_and_a_deployment_is_not(method: str) -> None:
    changes = passes("configuration-change")
    assert changes(activity(method))
    assert not changes(activity(method, DEPLOYER))


@pytest.mark.parametrize(
    "entry",
    [
        activity("cloudsql.instances.get"),
        activity("cloudsql.instances.connect"),
        activity("cloudsql.instances.update", log="data_access"),
        activity("google.cloud.bigquery.v2.JobService.InsertJob"),
        activity("storage.objects.create"),
        {"logName": "projects/triptrip-prod/logs/cloudsql.googleapis.com%2Fpostgres.log", "textPayload": "update"},
    ],
)
def test_reading_and_daily_work_are_no_change(entry: Entry) -> None:
    assert not passes("configuration-change")(entry)


def test_a_key_that_goes_is_told_of_whoever_does_it() -> None:
    key = passes("encryption-key")
    service = "cloudkms.googleapis.com"
    assert key(activity("DestroyCryptoKeyVersion", DEPLOYER, serviceName=service))
    disabled = {"cryptoKeyVersion": {"state": "DISABLED"}}
    assert key(activity("UpdateCryptoKeyVersion", serviceName=service, request=disabled))
    enabled = {"cryptoKeyVersion": {"state": "ENABLED"}}
    assert not key(activity("UpdateCryptoKeyVersion", serviceName=service, request=enabled))
    assert not key(activity("CreateCryptoKeyVersion", serviceName=service))


def test_a_certificate_that_ends_soon_is_told_of() -> None:
    ends = passes("cdn-certificate")

    def entry(state: str) -> Entry:
        return {
            "logName": "projects/triptrip-prod/logs/certificatemanager.googleapis.com%2Fcertificates_expiry",
            "resource": {"type": "certificatemanager.googleapis.com/Project"},
            "jsonPayload": {"state": state},
        }

    assert ends(entry("CLOSE_TO_EXPIRY"))
    assert ends(entry("EXPIRED"))
    assert not ends(entry("ACTIVE"))


def test_a_backup_counts_when_it_is_the_primarys_and_has_not_failed() -> None:
    counts = passes("postgres-backup-age")

    def backup(instance: str = "triptrip-prod-postgres-1", method: str = "automatedBackup", **payload: object) -> Entry:
        entry = activity(f"cloudsql.instances.{method}", PERSON, "system_event", **payload)
        labels = {"database_id": f"triptrip-prod:{instance}"}
        return {**entry, "resource": {"type": "cloudsql_database", "labels": labels}}

    assert counts(backup())
    assert counts(backup(status={}))
    assert not counts(backup(status={"code": 13}))
    assert not counts(backup("triptrip-prod-postgres-replica-b-1"))
    assert not counts(backup(method="failover"))
