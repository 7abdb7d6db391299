"""Work that is asked for one by one and done together: what came in while one batch was worked on is the next."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Batches(Generic[Item]):
    """One thread that works; `most` items at once at the most.

    Under load batches grow and what several items ask for is done once; an item that comes alone does not wait. When a
    batch fails, each of its items is tried by itself, so that one that cannot be done takes no other with it; after
    errors of kind `common`, which every item would meet, all of them have failed.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[Sequence[Item]], None],
        most: int,
        common: tuple[type[Exception], ...] = (),
    ) -> None:
        self._work = work
        self._most = most
        self._common = common
        self._waiting: list[tuple[Item, Future[None]]] = []
        self._changed = threading.Condition()
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether somebody works."""
        return self._thread.is_alive()

    def put(self, item: Item) -> "Future[None]":
        """Ask for an item; the future ends when it is done, or with the error that its work raised.

        One that is cancelled before its turn is left out.
        """
        future: Future[None] = Future()
        with self._changed:
            self._waiting.append((item, future))
            self._changed.notify()
        return future

    def close(self, timeout: float) -> None:
        """Work on what has been asked for, for `timeout` seconds at the most, and end."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join(timeout)

    def _run(self) -> None:
        while batch := self._next():
            taken = [pair for pair in batch if pair[1].set_running_or_notify_cancel()]
            if not self._try(taken):
                for one in taken:
                    self._try([one])

    def _next(self) -> "list[tuple[Item, Future[None]]]":
        """What waits, once there is something; empty at the end."""
        with self._changed:
            while not self._waiting and not self._is_closing:
                self._changed.wait()
            taken, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        return taken

    def _try(self, batch: "Sequence[tuple[Item, Future[None]]]") -> bool:
        """Work on a batch; False when its items are to be tried one by one."""
        if not batch:
            return True
        try:
            self._work([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 # whatever it is, it is the asker's, and the thread goes on
            if len(batch) > 1 and not isinstance(error, self._common):
                return False
            for _, future in batch:
                future.set_exception(error)
        else:
            for _, future in batch:
                future.set_result(None)
        return True
