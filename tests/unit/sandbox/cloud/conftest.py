"""The example platform of world/, foundation first, built once and copied for every test that changes it."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.cloud import Cloud, Provider
from sandbox.cloud.expressions import short_type
from sandbox.cloud.state import Record
from sandbox.cloud.values import lookup, place

HERE = Path(__file__).parent
DOCUMENT = yaml.safe_load((HERE / "world" / "foundation.yaml").read_text())
RECORDS: list[dict[str, Any]] = []
for file in sorted((HERE / "world").glob("*.yaml")):
    if file.stem != "foundation":
        added = yaml.safe_load(file.read_text())
        DOCUMENT["resources"] += added["resources"]
        RECORDS += added.get("records", [])
PROVIDER = Provider(
    project=DOCUMENT["project"], region=DOCUMENT["region"], labels={"env": "test"}, quota_project="triptrip-dev"
)


@dataclass
class World:
    """A cloud with every example in it, and the examples."""

    cloud: Cloud
    resources: dict[str, dict[str, Any]]
    ids: dict[str, str]
    outputs: dict[str, dict[str, Any]]
    provider: Provider = PROVIDER

    def kind(self, name: str) -> str:
        """The example's type as rules write it."""
        return short_type(self.resources[name]["type"])

    def changed(self, name: str, changes: dict[str, Any]) -> dict[str, Any]:
        """A copy of an example's inputs with dotted paths set; null takes a property away."""
        out: dict[str, Any] = copy.deepcopy(self.resources[name]["inputs"])
        for path, value in changes.items():
            parents, _, last = path.rpartition(".")
            if value is not None:
                place(out, path, value, create=True)
            elif any(True for _ in lookup(out, path)):
                parent = next(lookup(out, parents))[1] if parents else out
                del parent[last]
        return out

    def create(self, token: str, inputs: dict[str, Any], provider: Provider = PROVIDER) -> Any:
        """Check, foretell and create, as the engine does; a failed check is an assertion."""
        checked = self.cloud.check(token, inputs, provider=provider, proposed_name="automatic-0123456")
        assert not checked.failures
        self.cloud.create(token, checked.inputs, provider=provider, preview=True)
        return self.cloud.create(token, checked.inputs, provider=provider)

    def remove(self, name: str, **state: Any) -> None:
        """Delete an example; `state` overrides what the engine's state says."""
        outputs = {**self.outputs[name], **state}
        self.cloud.delete(self.resources[name]["type"], self.ids[name], outputs, provider=PROVIDER)


def _build(path: Path | None) -> World:
    world = World(Cloud.open(path), {one["name"]: one for one in DOCUMENT["resources"]}, {}, {})
    # What stands in the cloud though no program declares it.
    for record in RECORDS:
        world.cloud.state.put(Record(**{"project": "", "name": record["id"], "created": 0.0, **record}))
    for one in DOCUMENT["resources"]:
        made = world.create(one["type"], one["inputs"])
        world.ids[one["name"]], world.outputs[one["name"]] = made.id, made.outputs
    return world


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, World]:
    path = tmp_path_factory.mktemp("world") / "cloud.sqlite"
    world = _build(path)
    world.cloud.close()
    return path, world


@pytest.fixture
def world(built: tuple[Path, World], tmp_path: Path) -> Iterator[World]:
    path, made = built
    copied = tmp_path / "cloud.sqlite"
    shutil.copy(path, copied)
    cloud = Cloud.open(copied)
    yield World(cloud, made.resources, dict(made.ids), copy.deepcopy(made.outputs))
    cloud.close()


@pytest.fixture
def empty() -> Iterator[Cloud]:
    cloud = Cloud.open(None)
    yield cloud
    cloud.close()
