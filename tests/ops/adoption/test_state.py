"""The state after an adoption is whole, names the live instance, and loses nothing on the way."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.adoption.errors import AdoptionError
from ops.adoption.order import needs, ordered
from ops.adoption.state import rewritten
from tests.ops.adoption.engines import CLONE, KEY, OLD, OSAKA, PRIMARY, B, deployment, promoted


def named(whole: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {entry["urn"].rpartition("::")[2]: entry for entry in whole["resources"]}


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in texts(inner)]
    return [str(value)]


def test_a_promoted_replica_moves_to_the_primarys_place_with_its_own_inputs() -> None:
    after = named(rewritten(promoted(deployment()), OSAKA))
    primary = after["postgres-primary"]
    assert primary["id"].endswith(f"/{OSAKA}")
    assert (primary["inputs"]["region"], primary["inputs"]["instanceType"]) == ("asia-northeast2", "CLOUD_SQL_INSTANCE")
    assert primary["dependencies"] == [KEY]
    assert primary["protect"] is True
    assert "postgres-replica-osaka" not in after


def test_a_clone_takes_the_primarys_entry_over_under_its_own_name() -> None:
    after = named(rewritten(deployment(), CLONE))
    assert after["postgres-primary"]["inputs"]["name"] == CLONE
    assert after["postgres-primary"]["id"] == f"projects/triptrip-prod/instances/{CLONE}"
    assert not [name for name in after if name.startswith("postgres-replica-")]


@pytest.mark.parametrize("name", [OSAKA, CLONE])
def test_nothing_names_the_instances_that_left(name: str) -> None:
    whole = rewritten(promoted(deployment()) if name == OSAKA else deployment(), name)
    left = {OLD, B} if name == OSAKA else {OLD, B, OSAKA}
    gone = {"postgres-replica-b", "postgres-replica-osaka"}
    for entry in whole["resources"]:
        parts = [part for text in texts(entry) for part in text.replace(":", "/").split("/")]
        assert not left & set(parts), entry
        assert not [each for each in needs(entry) if each.rpartition("::")[2] in gone], entry


@pytest.mark.parametrize("name", [OSAKA, CLONE])
def test_databases_and_users_belong_to_the_new_primary(name: str) -> None:
    after = named(rewritten(promoted(deployment()), name))
    assert after["postgres-database"]["id"] == f"projects/triptrip-prod/instances/{name}/databases/triptrip"
    assert after["postgres-user-a"]["id"] == f"a@x.iam//{name}"
    for key in ("postgres-database", "postgres-user-a"):
        assert after[key]["inputs"]["instance"] == after[key]["outputs"]["instance"] == name
        assert after[key]["dependencies"] == [PRIMARY]


def test_only_a_replicas_name_may_be_deleted_afterwards() -> None:
    after = named(rewritten(promoted(deployment()), OSAKA))
    assert {name for name, entry in after.items() if entry.get("protect") is False} == {"postgres-name-replica-b"}


def test_an_old_primary_that_follows_takes_a_replicas_place() -> None:
    whole = promoted(deployment())
    for entry in whole["resources"]:
        if entry.get("inputs", {}).get("name") in (OLD, B):
            entry["outputs"] |= {"masterInstanceName": OSAKA, "encryptionKeyName": "tokyo"}
    after = named(rewritten(whole, OSAKA, demoted="tokyo"))
    assert after["postgres-replica-tokyo"]["inputs"]["masterInstanceName"] == OSAKA
    assert after["postgres-replica-tokyo"]["dependencies"] == [PRIMARY]
    assert after["postgres-replica-b"]["inputs"]["encryptionKeyName"] == "tokyo"


def test_doing_it_again_changes_nothing() -> None:
    once = rewritten(promoted(deployment()), OSAKA)
    assert rewritten(once, OSAKA) == once


def test_the_state_before_is_left_alone() -> None:
    before = deployment()
    rewritten(before, CLONE)
    assert before == deployment()


def test_a_state_without_a_tier_is_refused() -> None:
    whole = {"resources": [entry for entry in deployment()["resources"] if "sql" not in entry["type"]]}
    with pytest.raises(AdoptionError, match="no postgres-primary"):
        rewritten(whole, CLONE)


@given(st.permutations(deployment()["resources"]))
def test_whatever_is_needed_stands_before(mixed: list[dict[str, Any]]) -> None:
    seen: set[str] = set()
    for entry in ordered(mixed):
        assert not set(needs(entry)) - seen
        seen.add(entry["urn"])
    assert len(seen) == len(mixed)


def test_an_order_that_is_right_stays() -> None:
    assert ordered(deployment()["resources"]) == deployment()["resources"]
