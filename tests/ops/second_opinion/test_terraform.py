"""Planned resources as Terraform: small ones word for word, and every resource of both stacks."""

from typing import Any

import pytest

from ops.second_opinion import RenderError, render
from ops.second_opinion.terraform import quoted, terraform_type
from sandbox.plan import PlannedResource, plan_stack
from tests.plans import plan_of
from tests.stacks import VALKEY


def resource(  # noqa: PLR0913 # a planned resource has as many parts
    type_: str, name: str, inputs: dict[str, Any], identifier: str = "", *, parent: str = "", protect: bool = False
) -> PlannedResource:
    urn = f"urn:pulumi:prod::triptrip::{parent}{type_}::{name}"
    return PlannedResource(urn, identifier, type_, name, "", True, inputs, {"protect": True} if protect else {})


NETWORK = resource("gcp:compute/network:Network", "network", {"name": "data"}, "projects/p/global/networks/data")

EXAMPLES = {
    "lists are blocks or values by their Terraform name": (
        resource(
            "gcp:compute/firewall:Firewall",
            "deny.all",
            {
                "name": "deny",
                "network": "projects/other/global/networks/theirs",
                "denies": [{"protocol": "tcp", "ports": ["22", "80"]}, {"protocol": "udp"}],
                "sourceRanges": ["0.0.0.0/0"],
                "priority": 1000,
                "disabled": False,
                "description": None,
            },
        ),
        """resource "google_compute_firewall" "deny_all" {
  name = "deny"
  network = "projects/other/global/networks/theirs"
  deny {
    protocol = "tcp"
    ports = ["22", "80"]
  }
  deny {
    protocol = "udp"
  }
  source_ranges = ["0.0.0.0/0"]
  priority = 1000
  disabled = false
}
""",
    ),
    "maps are values, blocks nest, a guard is prevent_destroy": (
        resource(
            "gcp:redis/instance:Instance",
            "cache-redis",
            {
                "redisConfigs": {"maxmemory-gb": "28"},
                "maintenancePolicy": {
                    "weeklyMaintenanceWindows": [{"day": "SATURDAY", "startTime": {"hours": 20, "minutes": 0}}]
                },
            },
            protect=True,
        ),
        """resource "google_redis_instance" "cache-redis" {
  redis_configs = {
    "maxmemory-gb" = "28"
  }
  maintenance_policy {
    weekly_maintenance_window {
      day = "SATURDAY"
      start_time {
        hours = 20
        minutes = 0
      }
    }
  }
  lifecycle {
    prevent_destroy = true
  }
}
""",
    ),
    "an empty block stays": (
        resource("gcp:secretmanager/secret:Secret", "key", {"secretId": "key", "replication": {"auto": {}}}),
        """resource "google_secret_manager_secret" "key" {
  secret_id = "key"
  replication {
    auto {}
  }
}
""",
    ),
    "a provider's values come as JSON": (
        resource(
            "pulumi:providers:gcp",
            "google",
            {"project": "triptrip", "defaultLabels": '{"env": "prod"}', "addPulumiAttributionLabel": "false"},
        ),
        """provider "google" {
  project = "triptrip"
  default_labels = {
    "env" = "prod"
  }
}
""",
    ),
}


@pytest.mark.parametrize("case", EXAMPLES)
def test_example(case: str) -> None:
    given, expected = EXAMPLES[case]
    assert render([given]).text == expected


def test_a_reference_is_followed_to_the_resource_that_the_plan_declares() -> None:
    firewall = resource("gcp:compute/firewall:Firewall", "rule", {"network": NETWORK.identifier})
    user = resource("gcp:sql/user:User", "app", {"instance": "pg-1", "name": "app"})
    instance = resource(
        "gcp:sql/databaseInstance:DatabaseInstance", "pg", {"name": "pg-1"}, "projects/p/instances/pg-1"
    )
    text = render([firewall, NETWORK, user, instance]).text
    assert "network = google_compute_network.network.id" in text
    assert "instance = google_sql_database_instance.pg.name" in text


def test_every_resource_has_an_address_of_its_own() -> None:
    bucket = "gcp:storage/bucket:Bucket"
    twins = [resource(bucket, "1 b", {}), resource(bucket, "1.b", {}), resource(bucket, "1 b", {}, parent="x:y:Z$")]
    rendered = render([*twins, resource("random:index/randomPassword:RandomPassword", "other", {})])
    assert rendered.urns == {
        "google_storage_bucket._1_b": twins[0].urn,
        "google_storage_bucket._1_b-2": twins[1].urn,
        "google_storage_bucket._1_b-3": twins[2].urn,
    }


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ('say "a\\b"\n\tend', '"say \\"a\\\\b\\"\\n\\tend"'),
        ("${path} %{if} $5", '"$${path} %%{if} $5"'),
        ("日本語", '"日本語"'),
    ],
)
def test_nothing_in_a_text_is_evaluated(text: str, literal: str) -> None:
    assert quoted(text) == literal


@pytest.mark.parametrize(
    ("token", "name"),
    [
        ("gcp:sql/databaseInstance:DatabaseInstance", "google_sql_database_instance"),
        ("gcp:compute/uRLMap:URLMap", "google_compute_url_map"),
        ("gcp:projects/iAMAuditConfig:IAMAuditConfig", "google_project_iam_audit_config"),
        ("gcp:secretmanager/secretIamMember:SecretIamMember", "google_secret_manager_secret_iam_member"),
        ("gcp:serviceaccount/account:Account", "google_service_account"),
    ],
)
def test_terraform_type(token: str, name: str) -> None:
    assert terraform_type(token) == name


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (resource("gcp:nowhere/thing:Thing", "a", {}), "gcp:nowhere/thing:Thing"),
        (resource("gcp:sql/thing:Thing", "a", {}), "gcp:sql/thing:Thing"),
        (resource("gcp:sql/user:User", "a", {"colour": "red"}), "User::a: colour"),
        (resource("gcp:sql/user:User", "a", {"sqlServerUserDetails": [{"disabled": True}]}), "sqlServerUserDetails"),
        (resource("gcp:sql/user:User", "a", {"name": {"first": "a"}}), "User::a: name: dict"),
        (resource("gcp:compute/firewall:Firewall", "a", {"allows": ["tcp"]}), "Firewall::a: allows"),
        (resource("gcp:compute/firewall:Firewall", "a", {"name": "a", "allows": {"protocol": "tcp"}}), "allows: dict"),
        (resource("gcp:monitoring/slo:Slo", "a", {"basicSli": {"methods": ["GET"], "locations": ["x"]}}), "locations"),
    ],
)
def test_what_cannot_be_told_is_named(given: PlannedResource, named: str) -> None:
    with pytest.raises(RenderError, match=named):
        render([given])


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_every_google_resource_of_a_stack_is_rendered(stack: str) -> None:
    resources = plan_stack(stack).resources
    google = {each.urn for each in resources if each.custom and each.type.startswith("gcp:")}
    rendered = render(resources)
    assert set(rendered.urns.values()) == google
    assert rendered.text.count('\nresource "google_') == len(google)


def test_what_is_a_setting_away_is_rendered() -> None:
    changes = {
        **VALKEY,
        "bigquery": {
            "cost": {
                "kind": "reservation",
                "edition": "ENTERPRISE",
                "baselineSlots": 50,
                "maximumSlots": 150,
                "perDay": None,
                "perUserPerDay": None,
            }
        },
        "cdn": {
            "backend": {
                "kind": "instance-group",
                "service": None,
                "groups": ["projects/triptrip-prod/zones/asia-northeast1-a/instanceGroups/api"],
                "healthPath": "/healthz",
                "protocol": "HTTPS",
            },
        },
    }
    addresses = render(plan_of("prod", changes).resources).urns
    types = {address.partition(".")[0] for address in addresses}
    assert types >= {
        "google_bigquery_reservation",
        "google_bigquery_reservation_assignment",
        "google_compute_health_check",
        "google_memorystore_instance",
        "google_network_connectivity_service_connection_policy",
    }
