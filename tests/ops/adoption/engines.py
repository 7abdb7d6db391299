"""An engine in memory: a small state of a tier in phase 4, its settings, and the commands that an adoption gives."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from infra import catalog
from ops.pulumi import Pulumi
from tests.stacks import declared

OLD = "triptrip-prod-postgres-1"
OSAKA = "triptrip-prod-postgres-replica-osaka-1"
B = "triptrip-prod-postgres-replica-b-1"
CLONE = "triptrip-prod-postgres-restored-1"
_ROOT = "urn:pulumi:prod::triptrip::"
_PROVIDER = f"{_ROOT}pulumi:providers:gcp::google"
SQL = "gcp:sql/databaseInstance:DatabaseInstance"


class Died(BaseException):
    """The process ended here: nothing of it runs any more."""


def urn(kind: str, name: str) -> str:
    return f"{_ROOT}triptrip:platform:Postgres${kind}::{name}"


PRIMARY = urn(SQL, "postgres-primary")
KEY = urn("gcp:kms/cryptoKey:CryptoKey", "key-disaster-recovery-postgres")


def resource(kind: str, name: str, identifier: str, values: Mapping[str, Any], *after: str) -> dict[str, Any]:
    return {
        "urn": urn(kind, name),
        "custom": True,
        "id": identifier,
        "type": kind,
        "inputs": copy.deepcopy(dict(values)),
        "outputs": copy.deepcopy(dict(values)),
        "parent": f"{_ROOT}triptrip:platform:Postgres::postgres",
        "protect": True,
        "provider": f"{_PROVIDER}::1",
        "dependencies": list(after),
        "propertyDependencies": {"instance": list(after)},
    }


def instance(key: str, name: str, region: str, *after: str, source: str | None = None) -> dict[str, Any]:
    settings = {"tier": "db-custom-16-61440", "locationPreference": {"zone": f"{region}-a"}}
    kind = "READ_REPLICA_INSTANCE" if source else "CLOUD_SQL_INSTANCE"
    values = {"name": name, "region": region, "instanceType": kind, "settings": settings}
    if source:
        values["masterInstanceName"] = source
    return resource(SQL, f"postgres-{key}", f"projects/triptrip-prod/instances/{name}", values, *after)


def deployment() -> dict[str, Any]:
    """Users stand before replicas, as the engine may have made them."""
    kinds = {
        "user": "gcp:sql/user:User",
        "database": "gcp:sql/database:Database",
        "name": "gcp:dns/recordSet:RecordSet",
    }
    replica_b, osaka = urn(SQL, "postgres-replica-b"), urn(SQL, "postgres-replica-osaka")
    base = f"projects/triptrip-prod/instances/{OLD}"
    whole = [
        {"urn": f"{_ROOT}pulumi:pulumi:Stack::triptrip-prod", "custom": False, "type": "pulumi:pulumi:Stack"},
        {"urn": _PROVIDER, "custom": True, "id": "1", "type": "pulumi:providers:gcp"},
        {
            "urn": f"{_ROOT}triptrip:platform:Postgres::postgres",
            "custom": False,
            "type": "triptrip:platform:Postgres",
            "parent": f"{_ROOT}pulumi:pulumi:Stack::triptrip-prod",
        },
        instance("primary", OLD, "asia-northeast1"),
        resource(kinds["database"], "postgres-database", f"{base}/databases/triptrip", {"instance": OLD}, PRIMARY),
        resource(kinds["user"], "postgres-user-a", f"a@x.iam//{OLD}", {"instance": OLD, "name": "a@x.iam"}, PRIMARY),
        resource(kinds["name"], "postgres-name-primary", "pg-primary", {"rrdatas": ["10.0.0.1"]}, PRIMARY),
        instance("replica-b", B, "asia-northeast1", PRIMARY, source=OLD),
        resource(kinds["name"], "postgres-name-replica-b", "pg-replica-b", {"rrdatas": ["10.0.0.2"]}, replica_b),
        resource("gcp:kms/cryptoKey:CryptoKey", "key-disaster-recovery-postgres", "key", {}),
        instance("replica-osaka", OSAKA, "asia-northeast2", PRIMARY, replica_b, KEY, source=OLD),
        resource("gcp:secretmanager/secretVersion:SecretVersion", "ca", "ca", {}, PRIMARY, replica_b, osaka),
    ]
    return {"manifest": {}, "resources": whole}


def promoted(whole: dict[str, Any]) -> dict[str, Any]:
    """What the cloud tells once Osaka was promoted."""
    for entry in whole["resources"]:
        if entry.get("inputs", {}).get("name") == OSAKA:
            for side in ("inputs", "outputs"):
                entry[side].pop("masterInstanceName", None)
            entry["outputs"]["instanceType"] = "CLOUD_SQL_INSTANCE"
    return whole


class Engine(Pulumi):
    """Answers the commands; `cloud` is what a refresh finds, `losing` a URN that every preview would replace.

    It dies before or after the command of a number, counted from 1, when told to.
    """

    def __init__(self, *, cloud: set[str], losing: str = "") -> None:
        super().__init__("pulumi", "prod")
        state: dict[str, Any] = {
            "state": {"version": 3, "deployment": deployment()},
            "settings": copy.deepcopy(dict(declared("prod", catalog.phases()["4"]))),
            "cloud": cloud,
            "losing": losing,
            "calls": [],
            "die": None,
        }
        object.__setattr__(self, "held", state)

    held: dict[str, Any]

    def die(self, number: int | None, when: str = "before") -> None:
        self.held["die"] = (number, when)
        self.held["calls"] = []

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        return {entry["urn"].rpartition("::")[2]: entry for entry in self.held["state"]["deployment"]["resources"]}

    @property
    def postgres(self) -> dict[str, Any]:
        found: dict[str, Any] = self.held["settings"]["postgres"]
        return found

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        with _dying(self.held, arguments):
            said = self._answer(*arguments)
        return subprocess.CompletedProcess(arguments, 0, said, "")

    def preview(self, events: Path, *, with_packs: bool) -> subprocess.CompletedProcess[str]:
        assert not with_packs
        with _dying(self.held, ("preview",)):
            steps = [_step(entry, self.held["losing"]) for entry in self.resources.values() if "inputs" in entry]
            lines = [
                *({"resourcePreEvent": {"metadata": step}} for step in steps),
                {"summaryEvent": {"result": "succeeded"}},
            ]
            events.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
        return subprocess.CompletedProcess(["preview"], 0, "", "")

    def _answer(self, *arguments: str) -> str:
        if arguments[:2] == ("stack", "export"):
            return json.dumps(self.held["state"])
        if arguments[:2] == ("stack", "import"):
            self.held["state"] = json.loads(Path(arguments[3]).read_text(encoding="utf-8"))
            _in_order(self.held["state"]["deployment"]["resources"])
        elif arguments[0] == "refresh":
            self._refresh({each.removeprefix("--target=") for each in arguments if each.startswith("--target=")})
        elif arguments[:2] == ("config", "--json"):
            return json.dumps(
                {f"triptrip:{key}": {"objectValue": value} for key, value in self.held["settings"].items()}
            )
        elif arguments[:3] == ("config", "set", "--path"):
            group, name = _below(self.held["settings"], arguments[3])
            group[name] = arguments[4]
        elif arguments[:3] == ("config", "rm", "--path"):
            group, name = _below(self.held["settings"], arguments[3])
            group.pop(name, None)
        return ""

    def _refresh(self, urns: set[str]) -> None:
        whole = self.held["state"]["deployment"]
        if OSAKA in self.held["cloud"]:
            promoted(whole)
        kept = [
            entry
            for entry in whole["resources"]
            if entry["urn"] not in urns
            or entry["type"] != SQL
            or entry["inputs"]["name"] in {OLD, B, OSAKA, *self.held["cloud"]}
        ]
        whole["resources"] = kept


class _dying:  # noqa: N801 # reads as a verb
    def __init__(self, held: dict[str, Any], arguments: tuple[str, ...]) -> None:
        held["calls"].append(arguments)
        self._now = held["die"] and held["die"][0] == len(held["calls"])
        self._when = held["die"] and held["die"][1]

    def __enter__(self) -> None:
        if self._now and self._when == "before":
            raise Died

    def __exit__(self, *_: object) -> None:
        if self._now and self._when == "after":
            raise Died


def _below(settings: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    first, *rest, name = path.removeprefix("triptrip:").split(".")
    group = settings.setdefault(first, {})
    for each in rest:
        group = group.setdefault(each, {})
    return group, name


def _step(entry: dict[str, Any], losing: str) -> dict[str, Any]:
    op = "replace" if entry["urn"].endswith(losing) and losing else "same"
    side = {"inputs": entry["inputs"], "protect": True}
    return {"urn": entry["urn"], "op": op, "old": side, "new": side}


def _in_order(resources: list[dict[str, Any]]) -> None:
    """What the engine checks when a state is brought in."""
    seen: set[str] = set()
    for entry in resources:
        for needed in _needed(entry):
            assert needed in seen, f"{entry['urn']} stands before {needed}"
        assert entry["urn"] not in seen
        seen.add(entry["urn"])


def _needed(entry: dict[str, Any]) -> Iterator[str]:
    if entry.get("parent"):
        yield entry["parent"]
    if entry.get("provider"):
        yield entry["provider"].rpartition("::")[0]
    yield from entry.get("dependencies", [])
    for urns in entry.get("propertyDependencies", {}).values():
        yield from urns
