"""`python -m sandbox.servers.pushes ADDRESS PORT RATE SECONDS HOTELS`: events at a steady rate, a push request each.

A process of its own, so that it shares no interpreter with what it measures. Latencies count from when a request was
due, not from when it could be sent: a worker that is behind cannot hide it. Prints one JSON object.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from sandbox.servers.invalidation import envelope, event

_CONNECTIONS = 48


@dataclass
class Told:
    """What became of the requests: statuses, seconds from due to answered, and how long it took altogether."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    took: float = 0.0


async def _client(address: str, port: int, due: "asyncio.Queue[tuple[float, bytes] | None]", told: Told) -> None:
    reader, writer = await asyncio.open_connection(address, port)
    while (one := await due.get()) is not None:
        moment, body = one
        head = f"POST / HTTP/1.1\r\nHost: {address}\r\nContent-Length: {len(body)}\r\n\r\n"
        status = 0
        while status not in (200, 204):
            writer.write(head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            status = int(answer.split(b" ", 2)[1])
            told.statuses[status] += 1
            if length := answer.lower().partition(b"content-length: ")[2]:
                await reader.readexactly(int(length.split(b"\r\n", 1)[0]))
        told.seconds.append(time.monotonic() - moment)
    writer.close()


async def _run(address: str, port: int, rate: int, seconds: int, hotels: int) -> Told:
    due: asyncio.Queue[tuple[float, bytes] | None] = asyncio.Queue()
    told = Told()
    clients = [asyncio.create_task(_client(address, port, due, told)) for _ in range(_CONNECTIONS)]
    began = time.monotonic()
    for number in range(rate * seconds):
        moment = began + number / rate
        await asyncio.sleep(moment - time.monotonic())
        body = envelope(event("entity", entity="hotel", entityId=str(number % hotels)))
        due.put_nowait((moment, body))
    for _ in clients:
        due.put_nowait(None)
    await asyncio.gather(*clients)
    told.took = time.monotonic() - began
    return told


def main(arguments: list[str] | None = None) -> int:
    """Push, and print what became of it; returns 0."""
    address, *numbers = sys.argv[1:] if arguments is None else arguments
    told = asyncio.run(_run(address, *map(int, numbers)))
    sys.stdout.write(json.dumps({"took": told.took, "statuses": told.statuses, "seconds": told.seconds}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
