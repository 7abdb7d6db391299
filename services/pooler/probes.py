"""Asking a server for its position, over and over, in a thread of its own: a server that hangs holds up no other."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from psycopg.conninfo import make_conninfo

from services.pooler.configuration import Configuration
from services.pooler.lag import Sample

_CONNECT_SECONDS = 2
"""libpq's least; meanwhile the last answer grows old, and the server is no longer used."""

# A standby has replayed up to a position, a primary has written up to one.
_QUERY = """
    SELECT pg_is_in_recovery(),
      (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - '0/0')::bigint
"""

_BEAT = "SELECT operations.beat()"
_BEAT_SECONDS = 1.0
_BEAT_AGAIN_SECONDS = 60.0
"""After a failure: before the schema step has made the function, a beat a second would fill the server's log."""


@dataclass(frozen=True)
class Answer:
    """What a server said last; `fault` says why it did not, and then there is no sample."""

    sample: Sample | None
    is_standby: bool = False
    fault: str = ""


_NOT_ASKED = Answer(None, fault="not asked yet")


class Probe(threading.Thread):
    """Keeps `answer` up to date every so many seconds; ends with `stop`. `on_primary` is told a primary's samples."""

    def __init__(
        self,
        configuration: Configuration,
        host: str,
        every: float,
        on_primary: Callable[[Sample], None] = lambda _: None,
    ) -> None:
        super().__init__(name=f"probe {host}", daemon=True)
        self.answer = _NOT_ASKED
        self._every = every
        self._on_primary = on_primary
        self._conninfo = _conninfo(configuration, host)
        self._password_file = configuration.signing.password_file
        self._stopped = threading.Event()
        self._connection: psycopg.Connection | None = None

    @property
    def has_answered(self) -> bool:
        """Whether the server has answered once, if only by refusing."""
        return self.answer is not _NOT_ASKED

    def run(self) -> None:
        """Ask until stopped."""
        while not self._stopped.is_set():
            self.answer = answer = self._ask()
            if answer.sample is not None and not answer.is_standby:
                self._on_primary(answer.sample)
            self._stopped.wait(self._every)
        if self._connection is not None:
            self._connection.close()

    def stop(self) -> None:
        """End after the question that is being asked."""
        self._stopped.set()

    def _ask(self) -> Answer:
        try:
            if self._connection is None:
                password = self._password_file.read_text(encoding="utf-8").strip()
                self._connection = psycopg.connect(self._conninfo, password=password, autocommit=True)
            sent = time.monotonic()
            row = self._connection.execute(_QUERY, prepare=False).fetchone()
        except (psycopg.Error, OSError) as error:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            return Answer(None, fault=" ".join(str(error).split()))
        if row is None or row[1] is None:
            return Answer(None, fault="the server told no position")
        return Answer(Sample(sent, row[1]), is_standby=row[0], fault="")


class PrimaryProbe(Probe):
    """Asks the primary, and lets its heart beat once a second: replicas tell by it how late they are (COR-17).

    Every machine does; each beat is the whole truth. `heart_fault` says why the last one failed.
    """

    heart_fault = ""
    _next_beat = 0.0

    def _ask(self) -> Answer:
        answer = super()._ask()
        is_primary = answer.sample is not None and not answer.is_standby
        if self._connection is not None and is_primary and time.monotonic() >= self._next_beat:
            self._beat(self._connection)
        return answer

    def _beat(self, connection: psycopg.Connection) -> None:
        try:
            connection.execute(_BEAT, prepare=False)
            self.heart_fault = ""
        except psycopg.Error as error:
            self.heart_fault = " ".join(str(error).split())
        self._next_beat = time.monotonic() + (_BEAT_AGAIN_SECONDS if self.heart_fault else _BEAT_SECONDS)


def _conninfo(configuration: Configuration, host: str) -> str:
    milliseconds = int(configuration.answer_within * 1000)
    return make_conninfo(
        host=host,
        port=configuration.port,
        dbname=configuration.database,
        user=configuration.signing.user,
        sslmode="verify-ca",
        sslrootcert=str(configuration.signing.certificate_authority),
        connect_timeout=_CONNECT_SECONDS,
        # A host that is gone without a word ends the connection, instead of keeping its thread for minutes.
        tcp_user_timeout=milliseconds,
        options=f"-c statement_timeout={milliseconds}",
        application_name="read-router",
    )
