"""The jobs of the schema step: one a store that is on, in order, each told what the command asks for."""

from collections.abc import Mapping
from typing import Any

import pytest

from infra.derive import schedule
from infra.derive.cache import CERTIFICATE_PATH
from infra.derive.platform import derive
from infra.derive.schemas import JobPlan, SchemasPlan, variable
from infra.settings.units import Duration
from schema.stores import StoreName
from tests.stacks import ANOTHERS_WORKER, VALKEY, settings_of

KEY = {"schemas": {"elasticsearchKeyVersion": 3}}


def plan_of(stack: str = "prod", changes: Mapping[str, Any] | None = None) -> SchemasPlan:
    plan = derive(settings_of(stack, changes)).schemas
    assert plan is not None
    return plan


def job_of(plan: SchemasPlan, key: str) -> JobPlan:
    return next(job for job in plan.jobs if job.key == key)


def test_a_deployment_goes_through_the_stores_in_the_commands_own_order() -> None:
    assert [job.key for job in plan_of(changes=KEY).jobs] == [store.value for store in StoreName]


@pytest.mark.parametrize("store", [store.value for store in StoreName])
def test_a_job_runs_the_command_on_its_store_and_says_where_it_is(store: str) -> None:
    job = job_of(plan_of(changes=KEY), store)
    assert job.name == f"triptrip-prod-schema-{store}"
    assert job.arguments == ("apply", store, "--env", "prod")
    assert variable(store) in {**job.values, **job.secrets}


@pytest.mark.parametrize(
    ("subject", "store"),
    [*((name, name) for name in ("postgres", "timescale", "mongodb", "bigquery")), ("cache", "redis")],
)
def test_a_store_that_is_off_has_no_job_and_no_way_out(subject: str, store: str) -> None:
    named_by = {
        "postgres": {"bigquery": {"federation": None}, "monitoring": {"exporters": None}},
        "redis": ANOTHERS_WORKER,
    }
    off: dict[str, Any] = {subject: None, **named_by.get(store, {})}
    plan = plan_of(changes=off)
    assert store not in {job.store for job in plan.jobs}
    assert store not in {way.store for way in plan.egress}
    assert store not in {each.job.store for each in plan.scheduled}


def test_elasticsearch_has_a_job_once_its_key_has_been_made() -> None:
    before, after = plan_of(), plan_of(changes=KEY)
    assert "elasticsearch" not in {job.key for job in before.jobs}
    assert before.keeps_own_api_key
    job = job_of(after, "elasticsearch")
    host = "triptrip-prod-search.es.psc.asia-northeast1.gcp.cloud.es.io"
    assert job.values == {"TRIPTRIP_SCHEMA_ELASTICSEARCH": f"https://{host}:443"}
    [(variable, secret)] = job.secrets.items()
    assert variable == "TRIPTRIP_SCHEMA_ELASTICSEARCH_API_KEY"
    assert (secret.key, secret.version) == ("elasticsearch-schema-api-key", "3")


def test_every_program_that_searches_has_a_secret_for_its_key() -> None:
    assert plan_of().api_keys == {
        "application": "elasticsearch-application-api-key",
        "indexer": "elasticsearch-indexer-api-key",
        "pooler": "elasticsearch-pooler-api-key",
    }
    without = plan_of(changes={"elasticsearch": None})
    assert not without.api_keys
    assert not without.keeps_own_api_key


def test_the_servers_authorities_lie_where_the_connection_string_says() -> None:
    settings = derive(settings_of("prod"))
    assert settings.postgres is not None
    door = next(user for user in settings.postgres.users if user.key == "migration").doors["write"]
    assert list(job_of(plan_of(), "postgres").files) == [door.certificate_authority]


def test_the_caches_job_is_handed_what_its_clients_are() -> None:
    job = job_of(plan_of(), "redis")
    assert {name: secret.key for name, secret in job.secrets.items()} == {"TRIPTRIP_SCHEMA_REDIS": "cache-connection"}
    assert {path: secret.key for path, secret in job.files.items()} == {CERTIFICATE_PATH: "cache-server-ca"}
    valkey = plan_of(changes=VALKEY)
    [way] = [way for way in valkey.egress if way.store == "redis"]
    assert [str(each) for each in way.ranges] == ["10.10.0.0/20"]


def test_the_upkeep_is_another_job_of_the_same_store_on_a_schedule() -> None:
    upkeep = plan_of().scheduled[0]
    assert upkeep.job.arguments == ("maintain", "postgres", "--env", "prod")
    assert upkeep.job.name == "triptrip-prod-schema-postgres-maintenance"
    assert upkeep.job.secrets == job_of(plan_of(), "postgres").secrets
    assert upkeep.schedule == "*/5 * * * *"


def test_the_aggregates_are_exported_by_a_job_that_knows_the_backup_bucket() -> None:
    export = plan_of().scheduled[1]
    assert export.job.arguments == ("export", "--env", "prod")
    assert export.job.name == "triptrip-prod-schema-timescale-export"
    assert export.job.values == {"TRIPTRIP_SCHEMA_TIMESCALE_BACKUPS": "triptrip-prod-1-backups"}
    assert export.job.secrets == job_of(plan_of(), "timescale").secrets
    assert export.schedule == "0 23 * * *"


def test_without_a_bucket_nothing_exports_the_aggregates() -> None:
    plan = plan_of(changes={"recovery": None})
    assert [each.job.key for each in plan.scheduled] == ["postgres-maintenance"]


@pytest.mark.parametrize(
    ("interval", "cron"),
    [
        ("1 minute", "* * * * *"),
        ("15 minutes", "*/15 * * * *"),
        ("1 hour", "0 * * * *"),
        ("60 minutes", "0 * * * *"),
        ("6 hours", "0 */6 * * *"),
        ("1 day", "0 0 * * *"),
    ],
)
def test_an_interval_as_a_schedule(interval: str, cron: str) -> None:
    assert schedule.every(Duration.parse(interval)) == cron


@pytest.mark.parametrize("interval", ["7 minutes", "90 minutes", "5 hours", "2 days"])
def test_an_interval_that_no_schedule_can_say(interval: str) -> None:
    with pytest.raises(ValueError, match="divides neither"):
        schedule.every(Duration.parse(interval))


def test_a_job_reaches_its_own_store_and_tls_ports_anywhere() -> None:
    plan = plan_of(changes=KEY)
    everybody = [(["0.0.0.0/0"], ("443",))]
    own: Mapping[str, list[tuple[list[str], tuple[str, ...]]]] = {
        "postgres": [(["10.20.0.0/20"], ("5432",))],
        "timescale": [(["0.0.0.0/0"], ())],
        "mongodb": [(["10.10.0.0/20"], ("1024-65535",))],
        "elasticsearch": [(["10.10.0.0/20"], ("443",))],
        "bigquery": [],
        "redis": [(["10.21.0.0/28"], ())],
    }
    assert {"postgres-maintenance", "timescale-export"} == {each.job.key for each in plan.scheduled}
    for job in (*plan.jobs, *(each.job for each in plan.scheduled)):
        ways = [([str(each) for each in way.ranges], way.ports) for way in plan.egress if way.tag in job.tags]
        assert ways == everybody + own[job.store], job.key


def test_units_are_those_of_cloud_run() -> None:
    plan = plan_of(changes={"schemas": {"timeout": "45 minutes", "cpu": 2, "memory": "2 GB"}})
    assert (plan.timeout, plan.cpu, plan.memory) == ("2700s", "2", "2048Mi")
