"""Answers to the engine's ``LanguageRuntime`` calls (pulumi v3.250.0, ``proto/pulumi/language.proto``).

Behaviour follows the official host, ``sdk/python/cmd/pulumi-language-python/main.go`` of that version, with one
difference: there is one environment, ``.venv``, made by ``sandbox/setup``; nothing is installed here.
"""

from __future__ import annotations

import base64
import importlib.metadata
import importlib.util
import json
import os
import queue
import re
import subprocess
import sys
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from sandbox.engine import program

if TYPE_CHECKING:
    from collections.abc import Iterator

    import grpc

HOST_VERSION = "3.250.0"
PIPE_BYTES = 65536

_ANALYZER = "analyzer"


class LanguageService(language_pb2_grpc.LanguageRuntimeServicer):
    """One engine's language runtime.

    ``engine_address`` (host:port) is what the command line gave; a handshake replaces it.
    """

    def __init__(self, engine_address: str) -> None:
        self._engine_address = engine_address
        self._programs: queue.SimpleQueue[tuple[language_pb2.RunRequest, Future[language_pb2.RunResponse]]] = (
            queue.SimpleQueue()
        )
        self._plugins: set[subprocess.Popen[bytes]] = set()

    def run_programs(self) -> NoReturn:
        """Run what ``Run`` was asked for, one program after the other, on the calling (main) thread, for ever."""
        while True:
            request, answer = self._programs.get()
            try:
                with program.stoppable():
                    response = program.run(request, self._engine_address)
            except KeyboardInterrupt:
                response = language_pb2.RunResponse(error="program exited unexpectedly: it was cancelled")
            answer.set_result(response)

    def kill_plugins(self) -> None:
        """End the policy packs and plugins that this host started."""
        for process in tuple(self._plugins):
            process.kill()

    def Handshake(  # noqa: N802  (gRPC method name; the same below)
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        """Take the engine's address."""
        del context
        self._engine_address = request.engine_address or self._engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(  # noqa: N802
        self, request: empty_pb2.Empty, context: grpc.ServicerContext
    ) -> plugin_pb2.PluginInfo:
        """Give the engine version whose contract this host follows."""
        del request, context
        return plugin_pb2.PluginInfo(version=HOST_VERSION)

    def GetRequiredPackages(  # noqa: N802
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        """Name the packages that a bridge becomes; every other provider is a running server, found by its name.

        An engine that is told of none takes their versions from the state instead, and then sees a change of the
        provider in the second run that was none (pulumi v3.250.0, ``pkg/resource/deploy/source_eval.go``).
        """
        del request, context
        return language_pb2.GetRequiredPackagesResponse(packages=list(_bridged_packages()))

    def Run(  # noqa: N802
        self, request: language_pb2.RunRequest, context: grpc.ServicerContext
    ) -> language_pb2.RunResponse:
        """Run the program to its end on the main thread."""
        del context
        answer: Future[language_pb2.RunResponse] = Future()
        self._programs.put((request, answer))
        return answer.result()

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802
        """Interrupt a running program, as the official host does with SIGINT to its child."""
        del request, context
        program.stop()
        return empty_pb2.Empty()

    def About(  # noqa: N802
        self, request: language_pb2.AboutRequest, context: grpc.ServicerContext
    ) -> language_pb2.AboutResponse:
        """Name the interpreter, for ``pulumi about``."""
        del request, context
        return language_pb2.AboutResponse(
            executable=sys.executable, version=".".join(str(part) for part in sys.version_info[:3])
        )

    def GetProgramDependencies(  # noqa: N802
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        """List the packages of ``.venv``; without ``transitiveDependencies`` only those that no other one needs."""
        del context
        packages = sorted(importlib.metadata.distributions(), key=lambda package: package.name.lower())
        if not request.transitiveDependencies:
            needed = {
                _normal_name(requirement)
                for package in packages
                for requirement in package.requires or ()
                if "extra ==" not in requirement
            }
            packages = [package for package in packages if _normal_name(package.name) not in needed]
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[language_pb2.DependencyInfo(name=each.name, version=each.version) for each in packages]
        )

    def InstallDependencies(  # noqa: N802
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Say where the packages come from; ``sandbox/setup`` has installed them before any command runs."""
        del request, context
        yield language_pb2.InstallDependenciesResponse(
            stdout=b"Nothing to install: sandbox/setup keeps .venv equal to uv.lock.\n"
        )

    def RunPlugin(  # noqa: N802
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Run a policy pack or a Python plugin: its stdout and stderr in chunks, then its exit code."""
        with subprocess.Popen(  # noqa: S603  (what to run is the engine's own request)
            _plugin_command(request),
            cwd=request.info.program_directory if request.kind == _ANALYZER else request.pwd,
            env={**os.environ, **dict(pair.split("=", 1) for pair in request.env)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            self._plugins.add(process)
            context.add_callback(process.kill)
            try:
                yield from _output_of(process)
                yield language_pb2.RunPluginResponse(exitcode=process.wait())
            finally:
                process.kill()
                self._plugins.discard(process)


def _bridged_packages() -> Iterator[plugin_pb2.PackageDependency]:
    """Read ``pulumi-plugin.json`` of every installed SDK whose provider is another one, told what to become."""
    for package in importlib.metadata.distributions():
        found = importlib.util.find_spec(package.name.replace("-", "_")) if package.name.startswith("pulumi-") else None
        file = Path(found.origin).with_name("pulumi-plugin.json") if found and found.origin else None
        told = json.loads(file.read_bytes()) if file and file.is_file() else {}
        if become := told.get("parameterization"):
            yield plugin_pb2.PackageDependency(
                name=told["name"],
                kind="resource",
                version=told["version"],
                parameterization=plugin_pb2.PackageParameterization(
                    name=become["name"], version=become["version"], value=base64.b64decode(become["value"])
                ),
            )


def _normal_name(requirement: str) -> str:
    """Return the normalised project name at the start of a requirement (PEP 503 spelling)."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", found.group().lower()) if found else ""


def _plugin_command(request: language_pb2.RunPluginRequest) -> list[str]:
    directory = request.info.program_directory
    if request.kind == _ANALYZER:
        # A policy pack's directory comes last, a plugin's first (main.go, RunPlugin).
        return [sys.executable, "-u", "-m", "pulumi.policy", *request.args, directory]
    if (Path(directory) / "__main__.py").exists():
        return [sys.executable, "-u", directory, *request.args]
    return [sys.executable, "-u", "-m", "pulumi.run.plugin", request.name, *request.args]


def _output_of(process: subprocess.Popen[bytes]) -> Iterator[language_pb2.RunPluginResponse]:
    """Yield what the process writes, in the order it is read, until both its streams are closed."""
    chunks: queue.SimpleQueue[language_pb2.RunPluginResponse | None] = queue.SimpleQueue()

    def pump(stream: int, *, is_error: bool) -> None:
        while data := os.read(stream, PIPE_BYTES):
            chunks.put(
                language_pb2.RunPluginResponse(stderr=data) if is_error else language_pb2.RunPluginResponse(stdout=data)
            )
        chunks.put(None)

    if process.stdout is None or process.stderr is None:
        raise ValueError("the process was started without pipes")
    streams = ((process.stdout, False), (process.stderr, True))
    for stream, is_error in streams:
        threading.Thread(target=pump, args=(stream.fileno(),), kwargs={"is_error": is_error}, daemon=True).start()
    for _ in streams:
        yield from iter(chunks.get, None)
