"""A store is switched on in a running stack: it is created, and nothing else that holds data is touched."""

from fnmatch import fnmatch
from typing import Any

from infra.settings.settings import STORES
from tests.e2e.runner import Sandbox
from tests.stacks import declared

BESIDE = {
    "cache": ("private-services",),
    "cdn": ("invalidation-worker",),
    "recovery": ("mongodb-backup-schedule",),
    "monitoring": ("copies-alert-*", "mongodb-alert-*", "pooler-*"),
}
"""What a store may change beside its own resources.

The list of ranges that Google's services take addresses from, what the worker is told to purge, the schedule by which
Atlas exports its snapshots, whom alerts tell, and the machines that the exporters run on.
"""


def test_stores_are_switched_on_one_after_the_other_and_touch_no_other_store(sandbox: Sandbox) -> None:
    given = declared("prod")
    # What watches comes last: it names the stores that its exporters measure.
    stores = sorted((store for store in STORES if store in given), key="monitoring".__eq__)
    sandbox.run("config", stack="prod").succeeded()
    sandbox.configure("prod", dict.fromkeys(stores))
    sandbox.up("prod").succeeded()
    assert not any(step.is_stateful for step in sandbox.steps("prod"))
    for store in stores:
        before = sandbox.resources("prod").keys()
        sandbox.configure("prod", _with(given, store))
        steps = [step for step in sandbox.steps("prod") if not step.type.startswith(("pulumi:", "triptrip:"))]
        changed = {step.name for step in steps if step.op != "create"}
        others = {name for name in changed if not any(fnmatch(name, each) for each in BESIDE.get(store, ()))}
        assert not others, f"switching {store} on changes {others}"
        sandbox.up("prod").succeeded()
        assert before <= sandbox.resources("prod").keys()
    sandbox.assert_settled("prod")


def _with(given: Any, store: str) -> dict[str, Any]:
    return {store: given[store]}
