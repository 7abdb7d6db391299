"""Runs a Pulumi program as the official ``pulumi-language-python-exec`` does (pulumi v3.250.0, ``sdk/python/cmd``).

The same working directory, ``sys.argv``, ``sys.path``, event loop, exit codes and messages, so that a program cannot
tell which host runs it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import runpy
import signal
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi
import pulumi.runtime
from pulumi.runtime.proto import language_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

SHOWN_TO_USER = 32
"""Exit code of a program whose error message has been shown already: the engine adds nothing to it."""

_STOP = signal.SIGUSR1
"""What stops the running program, as SIGINT stops the official host's child."""

_AGAIN_SECONDS = 0.05

_stoppable = threading.Event()


@contextmanager
def stoppable() -> Iterator[None]:
    """Let ``stop`` raise KeyboardInterrupt in the main thread, wherever the program is; afterwards it does nothing."""
    shown_by = sys.unraisablehook

    def dropped(found: sys.UnraisableHookArgs) -> None:
        # Inside a finaliser or a weak reference's callback the interrupt stops nothing and is shown as a traceback.
        if isinstance(found.exc_value, KeyboardInterrupt):
            threading.Timer(_AGAIN_SECONDS, stop).start()
        else:
            shown_by(found)

    signal.signal(_STOP, _interrupt)
    sys.unraisablehook = dropped
    _stoppable.set()
    try:
        yield
    finally:
        _stoppable.clear()
        # One that was sent in time and comes late must not end the process.
        signal.signal(_STOP, signal.SIG_IGN)
        sys.unraisablehook = shown_by


def stop() -> None:
    """Stop the running program, from any thread; nothing when none runs."""
    if _stoppable.is_set():
        os.kill(os.getpid(), _STOP)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def run(request: language_pb2.RunRequest, engine_address: str) -> language_pb2.RunResponse:
    """Run one program on this thread; ``engine_address`` (host:port) takes its log messages.

    Raises KeyboardInterrupt when the engine cancels the program.
    """
    pulumi.runtime.set_all_config(dict(request.config), list(request.configSecretKeys))
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            monitor=request.monitor_address,
            engine=engine_address,
            project=request.project,
            stack=request.stack,
            parallel=request.parallel,
            dry_run=request.dryRun,
            organization=request.organization,
            root_directory=request.info.root_directory,
        )
    )
    # The engine's default: the program's folder as working directory and "." as entry point.
    entry = request.info.entry_point or "."
    os.chdir(request.pwd or request.info.program_directory)
    path_before, argv_before = list(sys.path), sys.argv
    sys.argv = [entry, *request.args]
    try:
        code = _exit_code(entry, request.parallel)
    finally:
        sys.path[:], sys.argv = path_before, argv_before
        sys.stdout.flush()
        sys.stderr.flush()
    if code == SHOWN_TO_USER:
        return language_pb2.RunResponse(bail=True)
    if code:
        return language_pb2.RunResponse(error=f"program exited with non-zero exit code: {code}")
    return language_pb2.RunResponse()


def _exit_code(entry: str, parallel: int) -> int:
    """Run the program inside a stack; errors are shown here and become the exit code that the official host sees."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=max(parallel, 1) * 4)
    loop.set_default_executor(executor)
    # A failed resource leaves futures that nobody awaits; asyncio's complaints about them would bury the real error.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: _run_entry(entry)))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return 1
    except SystemExit as stop:
        return _code_of(stop)
    except Exception as error:  # noqa: BLE001  (a program may raise anything; all of it is the user's to read)
        pulumi.log.error("Program failed with an unhandled exception:\n" + _user_traceback(error, entry))
        return SHOWN_TO_USER
    finally:
        executor.shutdown(wait=True)
        loop.close()
    return 0


def _run_entry(entry: str) -> None:
    if Path(entry).is_dir() and not (Path(entry) / "__main__.py").exists():
        pulumi.log.error(f"unable to find main python program `__main__.py` in `{Path(entry).absolute()}`")
        sys.exit(SHOWN_TO_USER)
    # For a directory this puts the entry first on sys.path, exactly as under the official host.
    runpy.run_path(entry, run_name="__main__")


def _code_of(stop: SystemExit) -> int:
    """Return what the interpreter would exit with for ``sys.exit(...)``."""
    if stop.code is None or isinstance(stop.code, int):
        return stop.code or 0
    print(stop.code, file=sys.stderr)  # noqa: T201  (what the interpreter itself does with a message)
    return 1


def _user_traceback(error: BaseException, entry: str) -> str:
    """Format the error without the frames above the user's program."""
    frame = error.__traceback__
    while frame is not None and not _is_program(frame.tb_frame.f_code.co_filename, entry):
        frame = frame.tb_next
    return "".join(traceback.format_exception(type(error), error, frame or error.__traceback__))


def _is_program(filename: str, entry: str) -> bool:
    path = Path(entry)
    main = path if path.suffix else path / "__main__.py"
    return Path(filename).absolute() == main.absolute()
