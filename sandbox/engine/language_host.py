"""The engine's Python language host, for machines that lack the official distribution.

Started by the engine as ``pulumi-language-python [options] <engine address>``. Contract (pulumi v3.250.0,
``sdk/go/common/resource/plugin/plugin.go``): the first line on stdout is the port of a gRPC server that answers
``LanguageRuntime``; on SIGINT or SIGTERM the process ends at once and says nothing.

The program runs on the main thread of this process, where asyncio and signal handlers work as they do under the
official ``pulumi-language-python-exec``.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from concurrent import futures
from typing import TYPE_CHECKING, NoReturn

import grpc

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

MESSAGE_BYTES = 400 * 2**20
"""Largest message accepted: what the engine itself allows (pulumi v3.250.0, ``rpcutil.GrpcChannelOptions``)."""

WORKER_THREADS = 16
"""Calls answered at once; each policy pack holds one for as long as it runs."""


def main(arguments: list[str]) -> NoReturn:
    """Serve one engine until it stops this process; ``arguments`` end with the engine's address."""
    server = grpc.server(
        futures.ThreadPoolExecutor(WORKER_THREADS),
        options=[("grpc.max_receive_message_length", MESSAGE_BYTES), ("grpc.max_send_message_length", MESSAGE_BYTES)],
    )
    port = server.add_insecure_port("127.0.0.1:0")
    # The port is listening from here on: the engine connects while the SDK (0.2 s) is still being imported.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a real stream: the engine's pipe
    print(port, flush=True)  # noqa: T201  (the start protocol)

    from pulumi.runtime.proto import language_pb2_grpc  # noqa: PLC0415  (after the port, see above)

    from sandbox.engine.language_service import LanguageService  # noqa: PLC0415

    service = LanguageService(engine_address=next((word for word in arguments if not word.startswith("-")), ""))

    def stop(_signal: int = 0, _frame: FrameType | None = None) -> None:
        service.kill_plugins()
        os._exit(0)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    threading.Thread(target=_stop_with_the_engine, args=(stop,), daemon=True).start()
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(service, server)
    server.start()
    service.run_programs()


def _stop_with_the_engine(stop: Callable[[], None]) -> None:
    """Block until nobody reads our stdout any more: an engine that was killed sends no signal."""
    watcher = select.poll()
    watcher.register(sys.stdout.fileno(), 0)  # no event asked for: only error and hang-up are reported
    watcher.poll()
    stop()


if __name__ == "__main__":
    main(sys.argv[1:])
