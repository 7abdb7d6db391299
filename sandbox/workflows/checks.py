"""What Workflows refuses about a source whose shape is right: names, jumps, calls and expressions.

A variable that a loop or an `except` sets is known in there alone (Workflows, "Variables", read 2026-11).
"""

import functools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.workflows.errors import SourceError
from sandbox.workflows.expressions import functions_called, is_expression, variables_named
from sandbox.workflows.retries import POLICIES, PREDICATES
from sandbox.workflows.source import (
    Action,
    Assign,
    Block,
    Call,
    For,
    Jump,
    Raise,
    Retry,
    Return,
    Steps,
    Switch,
    Try,
    Workflow,
    read,
)

_CALLS: Mapping[str, Collection[str]] = {
    "http.get": ("url", "headers", "query", "auth", "timeout"),
    "http.post": ("url", "headers", "query", "auth", "timeout", "body"),
    "sys.log": ("data", "text", "json", "severity"),
    "sys.sleep": ("seconds",),
}
"""Functions that take time, with their arguments."""


@functools.cache
def load(text: str, functions: frozenset[str]) -> Mapping[str, Workflow]:
    """The workflows of a source by name; `functions` are those of the library.

    Raises SourceError for what Workflows refuses; the place is `subworkflow/step`.
    """
    workflows = read(text)
    for name, workflow in workflows.items():
        _Check(name, workflows, functions).workflow(workflow)
    return workflows


@dataclass(frozen=True)
class _Check:
    """What is refused about one workflow."""

    name: str
    workflows: Mapping[str, Workflow]
    functions: frozenset[str]

    def workflow(self, workflow: Workflow) -> None:
        names = list(_names(workflow.steps))
        if twice := {name for name in names if name and names.count(name) > 1}:
            raise SourceError(f"{self.name}: two steps are named {', '.join(sorted(twice))}")
        self._steps(workflow.steps, {*workflow.params, *_set_in(workflow.steps)}, {"end"})

    def _steps(self, steps: Steps, variables: set[str], targets: set[str]) -> None:
        reachable = targets | {step.name for step in steps}
        for step in steps:
            try:
                self._action(step.action, variables, reachable)
            except SourceError as error:
                raise SourceError(f"{self.name}/{step.name}: {error}") from error
            for inner, own in _blocks(step.action):
                inside = reachable | {"break", "continue"} if isinstance(step.action, For) else reachable
                self._steps(inner, variables if own is None else variables | {own, *_set_in(inner)}, inside)

    def _action(self, action: Action, variables: set[str], targets: set[str]) -> None:
        if unknown := set(_jumps(action)) - targets:
            raise SourceError(f"there is no step {', '.join(sorted(unknown))} to go to")
        for text in _expressions(_values(action)):
            self._expression(text, variables)
        if isinstance(action, Call):
            self._call(action)
        if isinstance(action, Try):
            self._retry(action.retry)

    def _expression(self, text: str, variables: set[str]) -> None:
        if unknown := set(functions_called(text)) - self.functions:
            raise SourceError(f"there is no function {', '.join(sorted(unknown))}")
        if unset := set(variables_named(text)) - variables:
            raise SourceError(f"variable {', '.join(sorted(unset))} is not set here")

    def _call(self, action: Call) -> None:
        if action.call in self.workflows:
            params = self.workflows[action.call].params
            if set(action.args) != set(params):
                raise SourceError(f"{action.call} takes {', '.join(params)}")
        elif action.call in _CALLS:
            if wrong := set(action.args) - set(_CALLS[action.call]):
                raise SourceError(f"{action.call} has no argument {', '.join(sorted(wrong))}")
        elif not action.call.startswith("googleapis."):
            raise SourceError(f"there is no {action.call} to call")

    def _retry(self, retry: Retry | str | None) -> None:
        if isinstance(retry, str) and retry not in POLICIES:
            raise SourceError(f"there is no policy {retry}")
        known = {*PREDICATES, *(f"${{{name}}}" for name in self.workflows)}
        if isinstance(retry, Retry) and retry.predicate not in known:
            raise SourceError(f"there is no predicate {retry.predicate}")


def _jumps(action: Action) -> list[str]:
    inner = [name for case in action.switch for name in _jumps(case.then)] if isinstance(action, Switch) else []
    own = action.next if isinstance(action, Assign | Block | Call | Jump | Switch) else None
    return [*inner, *([own] if own else [])]


def _values(action: Action) -> Any:
    """What may hold expressions."""
    values: Any = ()
    match action:
        case Assign():
            values = [list(row.values()) for row in action.assign]
        case Call():
            values = action.args
        case Switch():
            values = [value for case in action.switch for value in (case.condition, _values(case.then))]
        case For():
            values = action.loop.over
        case Try(retry=Retry() as retry):
            values = [retry.max_retries, retry.backoff.model_dump()]
        case Return() | Raise():
            values = action.value
    return values


def _expressions(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _expressions(inner)
    elif is_expression(value):
        yield value


def _blocks(action: Action) -> Iterator[tuple[Steps, str | None]]:
    """Steps inside, with the variable that is theirs where they have variables of their own."""
    match action:
        case Block():
            yield action.steps, None
        case Switch():
            for case in action.switch:
                yield from _blocks(case.then)
        case For():
            yield action.loop.steps, action.loop.value
        case Try():
            yield action.steps, None
            if action.caught:
                yield action.caught.steps, action.caught.name
        case _:
            pass


def _names(steps: Steps) -> Iterator[str]:
    for step in steps:
        yield step.name
        for inner, _ in _blocks(step.action):
            yield from _names(inner)


def _set_in(steps: Steps) -> Iterator[str]:
    """Variables that steps set in the scope that they stand in."""
    for step in steps:
        if isinstance(step.action, Assign):
            yield from (name for row in step.action.assign for name in row)
        elif isinstance(step.action, Call) and step.action.result:
            yield step.action.result
        for inner, own in _blocks(step.action):
            if own is None:
                yield from _set_in(inner)
