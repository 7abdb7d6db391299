"""Serves a pack to the engine: what a pack's `__main__.py` calls."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import grpc
from pulumi.runtime.proto import analyzer_pb2_grpc

from policies.kit import waivers
from policies.kit.analyzer import Analyzer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.kit.rule import Rule

_LARGEST_MESSAGE_BYTES = 400 * 1024 * 1024  # the engine's own limit (sdk/go/common/util/rpcutil)


def serve(pack: str, rules: Sequence[Rule]) -> None:
    """Answer the engine until it stops the process; the port is the first line of stdout, as every plugin's is."""
    try:
        known = waivers.load()
    except waivers.WaiversError as error:
        print(error, file=sys.stderr)  # noqa: T201 # the engine shows a plugin's stderr
        sys.exit(1)
    # One worker: the engine asks side by side, and a rule need not think of it.
    server = grpc.server(
        ThreadPoolExecutor(max_workers=1), options=[("grpc.max_receive_message_length", _LARGEST_MESSAGE_BYTES)]
    )
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Analyzer(pack, rules, known), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()
