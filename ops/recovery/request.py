"""What every procedure takes on the command line, and how it is performed: `ops restore`, `drill` and `failover`.

What talks to Google and the stores is loaded when a command runs: the commands around a deployment live without it.
"""

import functools
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from ops.options import Plan, StackName, YesReally
from ops.recovery.errors import RecoveryError, RefusedError
from ops.recovery.terminal import Terminal

if TYPE_CHECKING:
    from ops.recovery.steps import Procedure, Run
    from ops.recovery.stores import Place

REFUSED, FAILED = 1, 2
_RUN = re.compile(r"\d{8}T\d{6}Z")
_console = Console(highlight=False, soft_wrap=True, markup=False)
_errors = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)

RunName = Annotated[str, typer.Option("--run", help="Go on with this run, e.g. 20261126T170000Z")]
New = Annotated[bool, typer.Option("--new", help="Begin another run beside one that has not ended")]


@dataclass(frozen=True)
class Request:
    """The options that every procedure has."""

    env: StackName = "dev"
    plan: Plan = False
    yes_really: YesReally = ""
    run: RunName = ""
    new: New = False


def takes_request(command: Callable[..., None]) -> Callable[..., None]:
    """A function of a Request and of options of its own, as a command that takes the options of both.

    Its errors are told in one message.
    """
    _, *own = inspect.signature(command, eval_str=True).parameters.values()
    shared = tuple(inspect.signature(Request, eval_str=True).parameters.values())

    @functools.wraps(command)
    def called(**given: Any) -> None:
        request = Request(**{each.name: given.pop(each.name) for each in shared})
        with told():
            command(request, **given)

    options = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*own, *shared)]
    called.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined] # what typer reads
    called.__annotations__ = {each.name: each.annotation for each in options}
    return called


def performed(procedure: "Procedure", request: Request, options: Mapping[str, str]) -> "Run | None":
    """Print the plan, or perform a procedure on PostgreSQL and return its run."""
    from ops.recovery import session  # noqa: PLC0415 # see above

    target = session.target_of(request.env)
    if request.plan:
        print_plan(procedure, target, options)
        return None
    terminal = Terminal()
    agreed = session.consent(target, request.yes_really, terminal, procedure.name)
    journal = session.begin(procedure, request.env, options, terminal, run_name(request.run), is_new=request.new)
    return session.start(procedure, target, journal, terminal, agreed=agreed)


def performed_on_store(
    procedure: "Procedure",
    opener: "Callable[[Place], AbstractContextManager[Any]]",
    request: Request,
    options: Mapping[str, str],
) -> None:
    """Print the plan, which connects to nothing, or perform a procedure on the store that `opener` opens."""
    from ops.recovery import session, stores  # noqa: PLC0415 # see above

    place = stores.place_of(request.env)
    # A place has what these ask of what is declared.
    anything: Any = place
    if request.plan:
        print_plan(procedure, anything, options)
        return
    terminal, run = Terminal(), run_name(request.run)
    agreed = session.consent(anything, request.yes_really, terminal, procedure.name)
    with stores.opened(opener, place) as made:
        stores.run_procedure(procedure, place, made, options, terminal, run=run, is_new=request.new, agreed=agreed)


def run_name(run: str) -> str:
    """The run that was named; raises RecoveryError where that is no run's name."""
    if run and not _RUN.fullmatch(run):
        raise RecoveryError("--run", f"{run!r} is none", allowed="a start in UTC, e.g. 20261126T170000Z")
    return run


def print_plan(procedure: "Procedure", target: Any, options: Mapping[str, str]) -> None:
    """Tell the steps; of `target` its environment and its project."""
    given = ", ".join(f"{name.replace('_', '-')} {value}" for name, value in options.items() if value)
    _console.print(
        f"{procedure.name} on {target.environment} ({target.project}), {procedure.requirement}: {given or '-'}"
    )
    for number, step in enumerate(procedure.steps, 1):
        notes = [f"only with {step.only_with}"] if step.only_with else []
        notes += ["asks first"] if step.asks else []
        noted = f" ({', '.join(notes)})" if notes else ""
        _console.print(f"{number}. {step.title}{noted}")
        _console.print(f"   {step.detail}")
    _console.print("nothing was touched")


@contextmanager
def told() -> Iterator[None]:
    """What cannot be done ends with one message: exit code 1 where it was refused, 2 where it failed."""
    try:
        yield
    except RefusedError as error:
        _errors.print(str(error))
        raise typer.Exit(REFUSED) from error
    except RecoveryError as error:
        _errors.print(str(error))
        raise typer.Exit(FAILED) from error
