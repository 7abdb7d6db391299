"""A client whose commands a test counts, interrupts, or lets another one overtake."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from redis import Redis

from sandbox.servers.redis import RedisServer

Hook = Callable[[int], None]


class KilledError(Exception):
    """The program ends here, as by SIGKILL: nothing of it runs any more."""


class Watched(Redis):
    """Calls `before` with the number of each command that it is about to send; a transaction is one command."""

    before: Hook = staticmethod(lambda _: None)
    sent = 0

    def execute_command(self, *arguments: Any, **options: Any) -> Any:
        self._tell()
        command: Any = super().execute_command
        return command(*arguments, **options)

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> Any:
        self._tell()
        return super().pipeline(transaction, shard_hint)

    def _tell(self) -> None:
        number, self.sent = self.sent, self.sent + 1
        self.before(number)


@contextmanager
def watched(server: RedisServer, before: Hook | None = None) -> Iterator[Watched]:
    """A watched client of a server."""
    client: Any = Watched.from_url(server.url, decode_responses=True, protocol=2)
    if before is not None:
        client.before = before
    try:
        yield client
    finally:
        client.close()


def killed_at(position: int) -> Hook:
    """Ends the program before its command of this number."""

    def end(number: int) -> None:
        if number == position:
            raise KilledError

    return end


def overtaken_at(position: int, other: Callable[[], object]) -> Hook:
    """Lets another program run before the command of this number."""

    def run(number: int) -> None:
        if number == position:
            other()

    return run
