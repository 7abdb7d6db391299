"""What one plan changes of another: replacements with what forces them, inputs left to the cloud, secrets aside."""

from dataclasses import replace

import pytest

from ops.report.phases.changes import Changes
from ops.report.phases.journey import Stage, step
from ops.report.stack import Stack
from sandbox.plan import Plan
from sandbox.plan.recorder import SECRET
from tests.ops.report.phases.world import PRIMARY, REPLICA, last_phase, with_inputs, with_resource, without


def between(before: Plan, after: Plan) -> Changes:
    return Changes(before, after)


def test_the_same_plan_changes_nothing() -> None:
    same = between(last_phase(), last_phase())
    assert (same.created, same.updated, same.deleted, same.replaced, same.held) == ((), (), (), (), ())


@pytest.mark.parametrize(
    ("name", "input_", "value"),
    [
        (PRIMARY, "region", "asia-northeast2"),
        (PRIMARY, "encryptionKeyName", "projects/p/locations/l/keyRings/r/cryptoKeys/another"),
        (PRIMARY, "name", "another"),
        (REPLICA, "masterInstanceName", "another"),
    ],
)
def test_a_change_that_cannot_be_made_in_place_is_a_replacement_with_what_forces_it(
    name: str, input_: str, value: str
) -> None:
    (replaced,) = between(last_phase(), with_inputs(name, **{input_: value})).replaced
    assert (replaced.resource.name, replaced.forcing) == (name, (input_,))


def test_a_step_that_replaces_a_store_tells_that_its_data_is_lost() -> None:
    stack = Stack.read("prod")
    told = step(3, 4, Stage(stack, last_phase()), Stage(stack, with_inputs(PRIMARY, region="asia-northeast2")))
    assert [(each.name, each.inputs) for each in told.lost] == [(PRIMARY, ("region",))]
    assert told.updated == ()
    gone = step(3, 4, Stage(stack, last_phase()), Stage(stack, without(REPLICA)))
    assert [each.name for each in gone.lost] == [REPLICA]
    harmless = step(3, 4, Stage(stack, last_phase()), Stage(stack, without("pooler-template")))
    assert [each.name for each in harmless.deleted] == ["pooler-template"]
    assert harmless.lost == ()


def test_a_secret_that_changes_is_a_change_though_no_plan_shows_it() -> None:
    name = "secret-version-postgres-server-ca"
    resource = last_phase().named(name)
    assert resource.inputs["secretData"] == SECRET
    other = dict.fromkeys(resource.secrets, "another digest")
    (replaced,) = between(last_phase(), with_resource(replace(resource, secrets=other))).replaced
    assert (replaced.resource.name, replaced.forcing) == (name, ("secretData",))
    assert "another digest" not in repr(replaced)


def test_a_disk_that_grows_by_itself_is_held_and_no_change() -> None:
    size = last_phase().named(PRIMARY).inputs["settings"]["diskSize"]
    found = between(last_phase(), with_inputs(PRIMARY, settings__diskSize=size + 1))
    assert found.updated == ()
    assert [(each.name, each.input, each.before, each.after) for each in found.held] == [
        (PRIMARY, "settings.diskSize", size, size + 1)
    ]
