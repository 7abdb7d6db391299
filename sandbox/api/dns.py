"""Cloud DNS: record sets of managed zones, changed as a whole or not at all (dns v1, changes.create)."""

import itertools
from collections.abc import Mapping
from typing import Any

from sandbox.api import times
from sandbox.api.call import Call, Handler
from sandbox.api.errors import ApiError

_Key = tuple[str, str]


class Dns:
    """Zones with their records; `polls` is how many requests a change stays pending."""

    document = "dns.v1"

    def __init__(self, polls: int = 2) -> None:
        self._polls = polls
        self._zones: dict[tuple[str, str], dict[_Key, dict[str, Any]]] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._changes: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
        self._left: dict[int, int] = {}
        self._numbers = itertools.count(1)

    def add_zone(self, project: str, zone: str, domain: str, records: Mapping[str, list[str]] | None = None) -> None:
        """A zone of a domain (no final dot) with address records by whole name."""
        self._zones[project, zone] = {}
        self._changes[project, zone] = {}
        self._names[project, zone] = f"{domain}."
        for name, addresses in (records or {}).items():
            self._zones[project, zone][f"{name}.", "A"] = _record(f"{name}.", addresses)

    def addresses(self, project: str, zone: str, name: str) -> list[str]:
        """What a name (no final dot) stands for now."""
        record = self._zones[project, zone].get((f"{name}.", "A"))
        return list(record["rrdatas"]) if record else []

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What is answered."""
        return {
            "dns.managedZones.get": self._zone,
            "dns.managedZones.list": self._list_zones,
            "dns.resourceRecordSets.list": self._list,
            "dns.resourceRecordSets.get": self._get,
            "dns.changes.create": self._change,
            "dns.changes.get": self._get_change,
        }

    def tick(self) -> None:
        """A pending change becomes done."""
        for changes in self._changes.values():
            for change in changes.values():
                number = int(change["id"])
                self._left[number] -= 1
                if self._left[number] <= 0:
                    change["status"] = "done"

    def _records(self, call: Call) -> dict[_Key, dict[str, Any]]:
        zone = self._zones.get((call["project"], call["managedZone"]))
        if zone is None:
            raise ApiError(404, f"The 'parameters.managedZone' resource named '{call['managedZone']}' does not exist.")
        return zone

    def _zone(self, call: Call) -> Any:
        self._records(call)
        name = call["managedZone"]
        return {"kind": "dns#managedZone", "name": name, "dnsName": self._names[call["project"], name]}

    def _list_zones(self, call: Call) -> Any:
        zones = [
            {"kind": "dns#managedZone", "name": zone, "dnsName": domain}
            for (project, zone), domain in self._names.items()
            if project == call["project"]
        ]
        return {"kind": "dns#managedZonesListResponse", "managedZones": zones}

    def _list(self, call: Call) -> Any:
        records = [
            record
            for (name, kind), record in sorted(self._records(call).items())
            if call.parameters.get("name", name) == name and call.parameters.get("type", kind) == kind
        ]
        return {"kind": "dns#resourceRecordSetsListResponse", "rrsets": records}

    def _get(self, call: Call) -> Any:
        record = self._records(call).get((call["name"], call["type"]))
        if record is None:
            raise ApiError(
                404, f"The 'parameters.name' resource named '{call['name']} ({call['type']})' does not exist."
            )
        return record

    def _change(self, call: Call) -> Any:
        """All deletions must be exactly what is there, and no addition may be: Cloud DNS, "Atomic changes"."""
        records = self._records(call)
        deletions, additions = (call.body.get(key, []) for key in ("deletions", "additions"))
        after = dict(records)
        for number, record in enumerate(deletions):
            if _plain(after.get(_key(record))) != _plain(record):
                raise ApiError(412, f"Precondition not met for 'entity.change.deletions[{number}]'", "conditionNotMet")
            del after[_key(record)]
        for number, record in enumerate(additions):
            if _key(record) in after:
                name = f"{record['name']} ({record['type']})"
                message = f"The resource 'entity.change.additions[{number}]' named '{name}' already exists"
                raise ApiError(409, message, "alreadyExists")
            after[_key(record)] = {"kind": "dns#resourceRecordSet", **record}
        records.clear()
        records.update(after)
        number = next(self._numbers)
        self._left[number] = self._polls
        change = {
            "kind": "dns#change",
            "id": str(number),
            "status": "pending",
            "startTime": times.text(times.now()),
            "additions": additions,
            "deletions": deletions,
        }
        self._changes[call["project"], call["managedZone"]][str(number)] = change
        return change

    def _get_change(self, call: Call) -> Any:
        self._records(call)
        change = self._changes[call["project"], call["managedZone"]].get(call["changeId"])
        if change is None:
            raise ApiError(404, f"The 'parameters.changeId' resource named '{call['changeId']}' does not exist.")
        return change


def _record(name: str, addresses: list[str]) -> dict[str, Any]:
    return {"kind": "dns#resourceRecordSet", "name": name, "type": "A", "ttl": 30, "rrdatas": list(addresses)}


def _key(record: Mapping[str, Any]) -> _Key:
    return record["name"], record["type"]


def _plain(record: Mapping[str, Any] | None) -> Any:
    return record and (record["name"], record["type"], record.get("ttl"), record.get("rrdatas"))
