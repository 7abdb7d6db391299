"""A tier in phase 4 on the simulated Google, an engine in memory, and procedures that run on both."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import yaml

from infra import catalog
from infra.derive.phases import lay_over
from ops.failover.region import failover_region
from ops.failover.signs import Heard
from ops.failover.steps import Means
from ops.failover.switchover import switchover
from ops.recovery.cloud import Pace, connect
from ops.recovery.declared import Declared, declared
from ops.recovery.journal import Journal
from ops.recovery.steps import Procedure, Run, Watcher, perform
from sandbox.api import ApiServer
from sandbox.api.dns import Dns
from sandbox.api.sqladmin import MemoryDatabases, SqlAdmin
from sandbox.api.storage import Storage
from tests.ops.adoption.engines import OLD, OSAKA, Engine
from tests.stacks import declared as stack_of

PROJECT, ZONE = "triptrip-prod", "triptrip-prod-internal"
NAME = "pg-primary.prod.triptrip.internal"
PLUS: Mapping[str, Any] = {
    "postgres": {
        "edition": "ENTERPRISE_PLUS",
        "primary": {"tier": "db-perf-optimized-N-16"},
        "replicas": {
            "b": {"tier": "db-perf-optimized-N-8"},
            "c": {"tier": "db-perf-optimized-N-8"},
            "osaka": {"tier": "db-perf-optimized-N-16"},
        },
        "disasterRecoveryReplica": "osaka",
    }
}
CUT_OFF = Heard(is_streaming=False, silence=300.0, behind=304.0, position="0/5000060")
FOLLOWS = Heard(is_streaming=True, silence=1.0, behind=0.4, position="0/5000060")
USERS = ("application", "bigquery", "migration", "monitor", "pooler", "readonly", "reporting")


@dataclass
class Person:
    """Who is told and asked; `agrees` to everything or to nothing."""

    agrees: bool = True
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.said.append(text)

    def asks(self, question: str, typed: str) -> bool:
        self.asked.append(question)
        assert typed == "prod"
        return self.agrees


class World:
    """A context manager: the simulated APIs with a primary that is `state` and its replica abroad."""

    def __init__(self, folder: Path, changes: Mapping[str, Any] | None = None, state: str = "RUNNABLE") -> None:
        self.folder = folder
        self.sql = SqlAdmin(MemoryDatabases(), polls=2)
        self.dns = Dns()
        self.server = ApiServer([self.sql, self.dns, Storage()])
        self.raw = stack_of("prod", lay_over(catalog.phases()["4"], changes or {}))
        edition = self.raw["postgres"]["edition"]
        tier = self.raw["postgres"]["primary"]["tier"]
        primary = self.sql.add(PROJECT, OLD, edition=edition, tier=tier)
        replica = self.sql.add(PROJECT, OSAKA, edition=edition, tier=tier)
        primary |= {"state": state, "replicaNames": [OSAKA]}
        if named := self.raw["postgres"].get("disasterRecoveryReplica"):
            primary["replicationCluster"] = {"failoverDrReplicaName": f"{PROJECT}:{OSAKA}"}
            assert named == "osaka"
        replica |= {"masterInstanceName": f"{PROJECT}:{OLD}", "region": "asia-northeast2"}
        replica["instanceType"] = "READ_REPLICA_INSTANCE"
        self.dns.add_zone(PROJECT, ZONE, "prod.triptrip.internal", {NAME: [self.address(OLD)]})
        self.engine = DeployingEngine(self)
        self.up: dict[tuple[str, int], bool] = {}
        self.heard = CUT_OFF
        self.users = list(USERS)
        self.person = Person()
        self.incidents: list[Any] = []

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__(None, None, None)

    def address(self, name: str) -> str:
        found: str = self.sql.instances[PROJECT, name]["ipAddresses"][0]["ipAddress"]
        return found

    @property
    def promoted(self) -> bool:
        return "masterInstanceName" not in self.sql.instances[PROJECT, OSAKA]

    @property
    def means(self) -> Means:
        return Means(
            engine=lambda _: self.engine,
            heard=lambda _, __: self.heard,
            checked=lambda _, __: {"timeline": 2, "users": self._account_users()},
            answers=lambda host, _: host == self.address(OSAKA) or self.up.get((host, 0), False),
            incidents=lambda: self.incidents,
        )

    def declared(self) -> Declared:
        self.folder.mkdir(parents=True, exist_ok=True)
        content = {"config": {f"triptrip:{key}": value for key, value in self.raw.items()}}
        (self.folder / "Pulumi.prod.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        return declared("prod", self.folder)

    def region(self, **options: str) -> Run:
        return self.perform(failover_region(self.means), options, None)

    def switchover(self, **options: str) -> Run:
        return self.perform(switchover(self.means), options, None)

    def watched(self, watcher: Watcher, *, planned: bool = False) -> Run:
        return self.perform(switchover(self.means) if planned else failover_region(self.means), {}, watcher)

    def asked(self, method: str) -> int:
        return len(self.server.api.asked(method))

    def _account_users(self) -> list[str]:
        known = self.declared().plan.memberships
        return [name for name in known if name.removeprefix("triptrip-prod-").partition("@")[0] in self.users]

    def perform(self, procedure: Procedure, options: Mapping[str, str], watcher: Watcher | None) -> Run:
        target, journals = self.declared(), self.folder / "recovery"
        open_runs = Journal.unfinished(journals, procedure.name, "prod")
        journal = open_runs[0] if open_runs else Journal.begin(journals, procedure.name, "prod", options, _now())
        pace = Pace(attempts=3, first_wait=0.0, poll=0.0, longest_poll=0.0, patience=20, timeout=5)
        endpoints = {api: self.server.endpoint(f"{api}.v1") for api in ("sqladmin", "dns", "storage")}
        with closing(connect(target, pace, endpoints)) as google:
            run = Run(target, journal, self.person, journals, google)
            perform(procedure, run, watcher)
        return run


class DeployingEngine(Engine):
    """Finds in a refresh what the simulated Google has, and moves the names in an `up`.

    `held["trouble"]` is asked of every command first: what it answers is the answer.
    """

    def __init__(self, world: World) -> None:
        super().__init__(cloud=set())
        self.held["world"] = world
        self.held["settings"] = world.raw
        self.held["ups"] = []
        self.held["trouble"] = lambda _: None

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        world: World = self.held["world"]
        refused: subprocess.CompletedProcess[str] | None = self.held["trouble"](arguments)
        if refused is not None:
            return refused
        if world.promoted:
            self.held["cloud"].add(OSAKA)
        if arguments[0] == "up":
            self.held["ups"].append([each.rpartition("::")[2] for each in arguments if each.startswith("--target=")])
            address = world.address(OSAKA)
            world.dns.add_zone(PROJECT, ZONE, "prod.triptrip.internal", {NAME: [address]})
        return super().run(*arguments)


def _now() -> datetime:
    return datetime.now(UTC)
