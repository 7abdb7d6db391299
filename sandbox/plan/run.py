"""Runs the platform's program against the recorder: once, or many times in one process."""

import asyncio
import contextvars
import gc
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pulumi
from pulumi.runtime import run_in_stack, set_mocks

from infra.program import declare
from infra.settings import Settings, from_stack_file
from sandbox.cloud import Cloud
from sandbox.plan.recorder import Plan, PlanError, Recorder

PROJECT = "triptrip"
ROOT = Path(__file__).resolve().parents[2]


class _Warnings(logging.Handler):
    def __init__(self, plan: Plan) -> None:
        super().__init__(logging.WARNING)
        self._plan = plan

    def emit(self, record: logging.LogRecord) -> None:
        self._plan.warnings.append(record.getMessage())


def plan_stack(stack: str, cloud: Cloud | None = None) -> Plan:
    """The plan of a stack as its file declares it.

    Raises SettingsError when the file cannot be used, PlanError when the cloud would refuse what it declares.
    """
    return plan_settings(from_stack_file(ROOT / f"Pulumi.{stack}.yaml"), stack, cloud)


def plan_settings(settings: Settings, stack: str, cloud: Cloud | None = None) -> Plan:
    """The plan of settings; `cloud` is the state it is created in, an empty one when not given."""
    return plan_program(lambda: declare(settings), stack, cloud)


def plan_program(program: Callable[[], None], stack: str, cloud: Cloud | None = None) -> Plan:
    """The plan of any program that declares resources; raises PlanError when the cloud would refuse one."""
    plan = Plan(stack)
    with _without_collection():
        contextvars.copy_context().run(_run, program, plan, cloud)
    return plan


@contextmanager
def _without_collection() -> Iterator[None]:
    """Nearly everything a plan makes is kept: looking for garbage in it would take a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _run(program: Callable[[], None], plan: Plan, given: Cloud | None) -> None:
    # One worker takes every call of the program to the recorder, and the cloud lives on it.
    worker = ThreadPoolExecutor(max_workers=1)
    cloud = given or worker.submit(Cloud.open).result()
    recorder = Recorder(plan, PROJECT, cloud)
    pulumi.runtime.settings.reset_options()
    loop = asyncio.new_event_loop()
    loop.set_default_executor(worker)
    asyncio.set_event_loop(loop)
    # When the program fails, that error is raised below; what its unfinished tasks say about it is noise.
    loop.set_exception_handler(lambda _, __: None)
    try:
        _monitor_with(recorder, plan)
        loop.run_until_complete(run_in_stack(program))
    except Exception as error:
        # A refused resource has no outputs, and what the program does without them is not the news.
        if recorder.refusals:
            raise PlanError("\n".join(recorder.refusals)) from error
        raise
    finally:
        if given is None:
            worker.submit(cloud.close).result()
        asyncio.set_event_loop(None)
        loop.close()
    if recorder.refusals:
        raise PlanError("\n".join(recorder.refusals))


def _monitor_with(recorder: Recorder, plan: Plan) -> None:
    """Point the SDK at the recorder, and its warnings at the plan."""
    logger = logging.Logger("plan")  # noqa: LOG001 # one a run; a registered one would gather handlers
    logger.addHandler(_Warnings(plan))
    set_mocks(recorder.mocks, project=PROJECT, stack=plan.stack, preview=False, logger=logger, monitor=recorder)
    # set_mocks makes a root stack of its own; the program gets the one that carries its outputs.
    pulumi.runtime.settings.set_root_resource(None)  # type: ignore[arg-type] # its value before any root
