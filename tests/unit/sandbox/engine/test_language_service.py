"""The language host's answers that need no engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import cast

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2

from sandbox.engine import program
from sandbox.engine.language_service import LanguageService


class Context:
    """Remembers what to do when the engine ends the call."""

    def __init__(self) -> None:
        self.ended: list[Callable[[], None]] = []

    def add_callback(self, callback: Callable[[], None]) -> None:
        self.ended.append(callback)


WAITS = "import os, signal; os.write(1, b'up'); signal.pause()"
CONTEXT = cast("grpc.ServicerContext", Context())


@pytest.fixture
def service() -> LanguageService:
    return LanguageService(engine_address="127.0.0.1:1")


def plugin(folder: Path, program: str, *, kind: str = "resource") -> language_pb2.RunPluginRequest:
    (folder / "__main__.py").write_text(program)
    return language_pb2.RunPluginRequest(
        pwd=str(folder.parent),
        kind=kind,
        name="own",
        args=["127.0.0.1:1"],
        env=["ADDED=by=the engine"],
        info=language_pb2.ProgramInfo(program_directory=str(folder)),
    )


def test_a_plugin_gets_its_arguments_and_environment_and_its_output_and_exit_code_come_back(
    service: LanguageService, tmp_path: Path
) -> None:
    folder = tmp_path / "plugin"
    folder.mkdir()
    program = (
        "import os, sys\n"
        "print(4711, sys.argv[1:], os.environ['ADDED'], os.path.basename(os.getcwd()), flush=True)\n"
        "print('trouble', file=sys.stderr)\n"
        "sys.exit(3)\n"
    )
    answers = list(service.RunPlugin(plugin(folder, program), CONTEXT))
    stdout, stderr = (b"".join(getattr(answer, name) for answer in answers) for name in ("stdout", "stderr"))
    assert stdout.decode() == f"4711 ['127.0.0.1:1'] by=the engine {tmp_path.name}\n"
    assert stderr == b"trouble\n"
    assert answers[-1].WhichOneof("output") == "exitcode"
    assert answers[-1].exitcode == 3


def test_a_policy_pack_runs_in_its_own_folder_under_the_sdks_module(service: LanguageService, tmp_path: Path) -> None:
    program = "import os, sys; print(sys.argv[1:], os.getcwd())"
    answers = list(service.RunPlugin(plugin(tmp_path, program, kind="analyzer"), CONTEXT))
    stdout = b"".join(answer.stdout for answer in answers).decode()
    assert stdout == f"['127.0.0.1:1', '{tmp_path}'] {tmp_path}\n"


def test_a_plugin_ends_with_the_engines_call(service: LanguageService, tmp_path: Path) -> None:
    context = Context()
    answers = service.RunPlugin(plugin(tmp_path, WAITS), cast("grpc.ServicerContext", context))
    assert next(answers).stdout == b"up"
    for callback in context.ended:
        callback()
    assert [answer.exitcode for answer in answers] == [-9]


def test_plugins_end_with_the_host(service: LanguageService, tmp_path: Path) -> None:
    answers = service.RunPlugin(plugin(tmp_path, WAITS), CONTEXT)
    next(answers)
    ending = threading.Thread(target=service.kill_plugins)
    ending.start()
    assert [answer.exitcode for answer in answers] == [-9]
    ending.join()


def test_dependencies_are_those_of_the_environment(service: LanguageService) -> None:
    def names(*, transitive: bool) -> set[str]:
        request = language_pb2.GetProgramDependenciesRequest(transitiveDependencies=transitive)
        return {each.name.lower() for each in service.GetProgramDependencies(request, CONTEXT).dependencies}

    assert {"triptrip-data-platform", "pulumi", "grpcio"} <= names(transitive=True)
    direct = names(transitive=False)
    assert "triptrip-data-platform" in direct
    assert "grpcio" not in direct


def test_what_the_engine_asks_before_a_program(service: LanguageService) -> None:
    assert service.GetPluginInfo(empty_pb2.Empty(), CONTEXT).version == "3.250.0"
    [bridged] = service.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest(), CONTEXT).packages
    assert (bridged.name, bridged.kind, bridged.parameterization.name) == (
        "terraform-provider",
        "resource",
        "timescale",
    )
    assert json.loads(bridged.parameterization.value)["remote"]["version"] == bridged.parameterization.version
    assert service.About(language_pb2.AboutRequest(), CONTEXT).executable == sys.executable
    said = b"".join(
        each.stdout for each in service.InstallDependencies(language_pb2.InstallDependenciesRequest(), CONTEXT)
    )
    assert b"sandbox/setup" in said


def test_cancelling_without_a_program_does_nothing(service: LanguageService) -> None:
    assert service.Cancel(empty_pb2.Empty(), CONTEXT) == empty_pb2.Empty()


INTERRUPTED_IN_A_CALLBACK = """
import threading, weakref
from sandbox.engine import program
class Waited: pass
waited = Waited()
stays = weakref.ref(waited, lambda _: program.stop())
try:
    with program.stoppable():
        del waited
        threading.Event().wait()
except KeyboardInterrupt:
    print('stopped')
program.stop()
"""


def test_a_stop_that_comes_inside_a_callback_of_the_interpreter_is_neither_lost_nor_shown() -> None:
    done = subprocess.run(  # noqa: S603  (our own words)
        [sys.executable, "-c", INTERRUPTED_IN_A_CALLBACK], capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "stopped\n", "")


def test_a_stop_that_comes_before_or_after_the_program_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal without its handler would end the whole host."""
    sent: list[int] = []
    monkeypatch.setattr(os, "kill", lambda _, number: sent.append(number))
    monkeypatch.setattr(signal, "signal", lambda *_: program.stop())
    hook = sys.unraisablehook
    with program.stoppable():
        assert not sent
        program.stop()
        assert len(sent) == 1
    program.stop()
    assert len(sent) == 1
    assert sys.unraisablehook is hook


def test_any_other_error_inside_a_callback_is_shown() -> None:
    words = "class Bad:\n def __del__(self): 1 / 0\nfrom sandbox.engine import program\nwith program.stoppable(): Bad()"
    done = subprocess.run(  # noqa: S603  (our own words)
        [sys.executable, "-c", words], capture_output=True, text=True, check=False, timeout=30
    )
    assert "ZeroDivisionError" in done.stderr
