"""What the CDN is still to be asked for, kept in Redis: a purge that was promised outlives the worker that promised it.

    now       asked at once; a member's score is the earliest moment at which somebody published what asks for it
    sending   what one worker has taken over from `now`; whoever comes after a killed one goes on with it
    later     the second purge, by when it is due: a replica that lagged may have given the CDN what was before

Only commands that Redis does whole: ZADD, RENAMENX, and transactions. Moments are microseconds since 1970.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.exceptions import ResponseError

from services.cache.keys import key

NOW, SENDING, LATER = key("edge_now"), key("edge_sending"), key("edge_later")


@dataclass(frozen=True)
class Backlog:
    """How much waits, and since when the oldest does (0: nothing waits); the second purges are not counted."""

    count: int
    oldest: int


class Waiting:
    """The queue; what `add` writes goes over the client's one connection, if it has one, so that WAIT knows of it."""

    def __init__(self, redis: Redis, second_after: float) -> None:
        self._redis: Any = redis  # its types name what asyncio's client would answer
        self._second_after = round(second_after * 1_000_000)

    def add(self, members: Mapping[str, int], moment: int) -> None:
        """Ask for members, each with when it was published; `moment` is now."""
        if members and self._second_after:
            # The latest counts: what was asked before it has had a purge of its own since.
            self._redis.zadd(LATER, dict.fromkeys(members, moment + self._second_after), gt=True)
        if members:
            self._redis.zadd(NOW, dict(members), lt=True)

    def take(self, moment: int) -> Mapping[str, int]:
        """What is to be sent now, oldest first, with its score: what a killed worker left, or else all that waits."""
        if not self._redis.exists(SENDING):
            self._move_due(moment)
            try:
                self._redis.renamenx(NOW, SENDING)
            except ResponseError as error:
                if "no such key" not in str(error):
                    raise
                return {}
        return {str(member): int(score) for member, score in self._redis.zrange(SENDING, 0, -1, withscores=True)}

    def done(self, members: Collection[str]) -> None:
        """The CDN has taken these."""
        if members:
            self._redis.zrem(SENDING, *members)

    def backlog(self) -> Backlog:
        """How much waits to be sent."""
        with self._redis.pipeline(transaction=True) as pipe:
            for name in (NOW, SENDING):
                pipe.zcard(name)
                pipe.zrange(name, 0, 0, withscores=True)
            waiting, first, sent, taken = pipe.execute()
        scores = [int(score) for _, score in (*first, *taken)]
        return Backlog(int(waiting) + int(sent), min(scores, default=0))

    def _move_due(self, moment: int) -> None:
        """Let second purges whose time has come wait with the others.

        One that is put off between the two steps stays: its score has left the range, and one purge too many is none
        too few.
        """
        due = self._redis.zrange(LATER, "-inf", moment, byscore=True, withscores=True)
        if not due:
            return
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.zadd(NOW, {member: int(score) for member, score in due}, lt=True)
            pipe.zremrangebyscore(LATER, "-inf", moment)
            pipe.execute()
