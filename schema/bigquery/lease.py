"""The lock of a warehouse: a table that only one can make, kept by renewing what its labels say.

BigQuery has no lock of its own. `tables.insert` makes a table for one caller alone and answers 409 to every other, and
`tables.patch` with If-Match changes it only as it was last seen (REST reference of tables, read 2026-11-25). The table
says who holds it and until when; it is deleted in the end. One whose time is over may be taken by whoever changes it
first.
"""

import secrets
import time
from contextlib import suppress

from google.api_core.exceptions import Conflict, GoogleAPIError, NotFound, PreconditionFailed
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery

from schema import kit
from schema.bigquery.connection import RETRY, SECONDS, told
from schema.kit import Clock, SchemaError, holder

LEASE_SECONDS = 30
"""How long the lock stays with a holder that is heard of no more."""

SKEW_SECONDS = 10
"""How far the clocks of two machines may be apart."""

_POLL_SECONDS = 1.0
_HOLDER, _UNTIL = "holder", "until"
_TROUBLE = (GoogleAPIError, GoogleAuthError, OSError)
"""What may pass by itself: a broken connection, a busy server, a token that cannot be had now."""


class Lease(kit.Lease):
    """The lock of one warehouse as one process sees it: table `schema_lock` of a dataset.

    `clock` gives seconds since 1970, as every machine's does.
    """

    def __init__(self, client: bigquery.Client, place: str, clock: Clock = time.time) -> None:
        super().__init__(LEASE_SECONDS, _POLL_SECONDS, clock)
        self._client = client
        self._name = f"{place}.schema_lock"
        self._token = secrets.token_hex(8)
        self._table: bigquery.Table | None = None
        self._until = 0.0

    def check(self) -> None:
        """Raise SchemaError when the lock was held and is no longer certain to be."""
        if self._table is not None and self.clock() >= self._until:
            raise SchemaError(
                self._name,
                "the lock could not be renewed in time and may be another's",
                fix="run the command again: what was begun is continued",
            )

    def take(self) -> bool:
        """Make the table, or put this holder's mark on one whose time is over."""
        with told(self._name):
            table = bigquery.Table(self._name)
            until = self._mark(table)
            try:
                made = self._client.create_table(table, retry=RETRY, timeout=SECONDS)
            except Conflict:
                return self._take_over()
        self._table, self._until = made, until
        return True

    def _take_over(self) -> bool:
        found = self._seen()
        if found is not None and self._is_own(found):
            return True
        if found is None or self.clock() < _until(found) + SKEW_SECONDS:
            return False
        return self._write(found)

    def _write(self, table: bigquery.Table) -> bool:
        """Put this holder's mark on the table as it was last seen; False when another was first."""
        until = self._mark(table)
        try:
            self._table = self._client.update_table(table, ["labels", "description"], retry=RETRY, timeout=SECONDS)
        except (PreconditionFailed, NotFound):
            seen = self._seen()
            return seen is not None and self._is_own(seen)
        self._until = until
        return True

    def _is_own(self, table: bigquery.Table) -> bool:
        """Whether the table bears this holder's mark, by a request whose answer was lost."""
        if (table.labels or {}).get(_HOLDER) != self._token:
            return False
        self._table, self._until = table, _until(table)
        return True

    def _mark(self, table: bigquery.Table) -> float:
        until = self.clock() + LEASE_SECONDS
        table.labels = {_HOLDER: self._token, _UNTIL: str(int(until))}
        table.description = f"Held by {holder()} while the schema is applied"
        return until

    def renew(self) -> bool:
        """Move the end on."""
        try:
            return self._table is not None and self._write(self._table)
        except _TROUBLE:
            return True  # asked again; `check` tells when it is too late

    def give_back(self) -> None:
        """Delete the table while it is certainly this one's: one that another has taken since stays."""
        mine = self.clock() < self._until
        self._table = None
        if mine:
            with suppress(*_TROUBLE):
                self._client.delete_table(self._name, not_found_ok=True, retry=RETRY, timeout=SECONDS)

    def _seen(self) -> bigquery.Table | None:
        try:
            return self._client.get_table(self._name, retry=RETRY, timeout=SECONDS)
        except NotFound:
            return None

    def taken(self) -> SchemaError:
        """Who has it, by the table's description."""
        with told(self._name):
            found = self._seen()
        held = (found.description or "") if found else "just given up"
        left = max(0, _until(found) + SKEW_SECONDS - self.clock()) if found else 0
        return SchemaError(
            self._name,
            f"is taken: {held}",
            fix=f"wait; a holder that died loses it in {left:.0f} s",
        )


def _until(table: bigquery.Table) -> float:
    """The end of a lease; 0 for a table without one, which anybody may take."""
    text = (table.labels or {}).get(_UNTIL, "0")
    return float(text) if text.isdigit() else 0.0
