"""The private names that clients hold: moved as a whole, and what they were is kept for the way back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops.recovery.cloud.calls import ChangedError, ConflictError, MissingError, Pace, Waiting, asked
from ops.recovery.declared import Declared
from ops.recovery.errors import RecoveryError


@dataclass(frozen=True)
class Move:
    """A record that goes from some addresses to others; `name` without a final dot, `ttl` in seconds."""

    name: str
    ttl: int
    before: tuple[str, ...]
    after: tuple[str, ...]

    def back(self) -> "Move":
        """The same way in the other direction."""
        return Move(self.name, self.ttl, self.after, self.before)

    def as_json(self) -> dict[str, Any]:
        """For a journal."""
        return {"name": self.name, "ttl": self.ttl, "before": list(self.before), "after": list(self.after)}

    @staticmethod
    def from_json(row: Mapping[str, Any]) -> "Move":
        """From a journal."""
        return Move(row["name"], row["ttl"], tuple(row["before"]), tuple(row["after"]))


class Names:
    """Address records of the environment's private zone."""

    def __init__(self, client: Any, declared: Declared, pace: Pace) -> None:
        # Each of these is built out of the whole discovery document when it is asked for.
        self._sets = client.resourceRecordSets()
        self._changes = client.changes()
        self._place = {"project": declared.project, "managedZone": declared.zone}
        self._pace = pace
        self._where = f"zone {declared.zone}"

    def records(self) -> dict[str, tuple[int, tuple[str, ...]]]:
        """TTL and addresses of each name; raises RecoveryError where the zone is not there."""
        found: dict[str, tuple[int, tuple[str, ...]]] = {}
        request = self._sets.list(**self._place)
        while request is not None:
            page = self._asked(request)
            for row in page.get("rrsets", ()):
                if row["type"] == "A":
                    found[row["name"].rstrip(".")] = (row["ttl"], tuple(row["rrdatas"]))
            request = self._sets.list_next(request, page)
        return found

    def moves(self, old: Sequence[str], new: str) -> list[Move]:
        """The records that stand for nothing but some old addresses, each to stand for a new one."""
        known = set(old)
        return [
            Move(name, ttl, addresses, (new,))
            for name, (ttl, addresses) in sorted(self.records().items())
            if set(addresses) <= known
        ]

    def users_of(self, address: str) -> list[str]:
        """The names that stand for an address, among others or alone."""
        return [name for name, (_, addresses) in sorted(self.records().items()) if address in addresses]

    def make(self, moves: Sequence[Move]) -> None:
        """Move records, all or none, and wait until every server of Cloud DNS knows; those that have moved stay.

        Raises RecoveryError when somebody else has changed one meanwhile.
        """
        now = self.records()
        left = [move for move in moves if now.get(move.name, (0, ()))[1] != move.after]
        if strangers := [move.name for move in left if now.get(move.name, (0, ()))[1] != move.before]:
            fix = "look at what they stand for now (`gcloud dns record-sets list`) before anybody moves them"
            raise RecoveryError(self._where, f"{', '.join(strangers)} was changed by somebody else", fix=fix)
        if not left:
            return
        body = {
            "deletions": [_record(move, move.before) for move in left],
            "additions": [_record(move, move.after) for move in left],
        }
        try:
            change = self._asked(self._changes.create(**self._place, body=body))
        except (ChangedError, ConflictError):
            # An answer that was lost, or somebody else: what is there now tells.
            self._check(moves)
            return
        waiting = Waiting(self._where, self._pace)
        while change["status"] != "done":
            waiting.pause("the change is still pending")
            change = self._asked(self._changes.get(**self._place, changeId=change["id"]))

    def _check(self, moves: Sequence[Move]) -> None:
        now = self.records()
        if wrong := [move.name for move in moves if now.get(move.name, (0, ()))[1] != move.after]:
            fix = "run the command again"
            raise RecoveryError(self._where, f"{', '.join(wrong)} was changed by somebody else meanwhile", fix=fix)

    def _asked(self, request: Any) -> Any:
        try:
            return asked(self._where, request.execute, self._pace)
        except MissingError as error:
            raise RecoveryError(self._where, error.given, fix="`pulumi up` declares it") from None


def _record(move: Move, addresses: Sequence[str]) -> dict[str, Any]:
    return {"name": f"{move.name}.", "type": "A", "ttl": move.ttl, "rrdatas": list(addresses)}
