"""A workflow's source: read, and refused where Workflows would refuse to deploy it.

Keys and limits are those of Workflows' syntax reference and of its "Quotas and limits" (read 2026-11). Parallel steps,
ranges and assignments to a part of a variable are not known here: the platform's sources have none.
"""

import functools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from sandbox.workflows.errors import SourceError
from sandbox.workflows.expressions import functions_called, is_expression, variables_named
from sandbox.workflows.retries import POLICIES, PREDICATES

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAXIMUM_SOURCE = 128 * 1024
MAXIMUM_ASSIGNMENTS = 50
MAXIMUM_CONDITIONS = 50
JUMPS = ("end", "break", "continue")

_KINDS: Mapping[str, Collection[str]] = {
    "assign": ("next",),
    "call": ("args", "result", "next"),
    "switch": ("next",),
    "for": (),
    "try": ("retry", "except"),
    "steps": ("next",),
    "return": (),
    "raise": (),
    "next": (),
}
"""What each kind of step is known by, and the keys beside it."""

_BLOCKING: Mapping[str, Collection[str]] = {
    "http.get": ("url", "headers", "query", "auth", "timeout"),
    "http.post": ("url", "headers", "query", "auth", "timeout", "body"),
    "sys.log": ("data", "text", "json", "severity"),
    "sys.sleep": ("seconds",),
}
"""Functions that a step calls, with their arguments."""


@dataclass(frozen=True)
class Step:
    """One step: its name, its kind (the key it is known by) and its body as written."""

    name: str
    kind: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Workflow:
    """The main workflow or a subworkflow."""

    params: tuple[str, ...]
    steps: tuple[Step, ...]


Source = Mapping[str, Workflow]
"""Workflows by name, `main` among them."""


@functools.cache
def load(text: str, functions: frozenset[str]) -> Source:
    """A source as steps; `functions` are those of the library.

    Raises SourceError for what Workflows refuses; the place is `subworkflow/step`.
    """
    if len(text.encode()) > MAXIMUM_SOURCE:
        raise SourceError(f"the source has more than {MAXIMUM_SOURCE} bytes")
    read = yaml.load(text, Loader=_LOADER)  # noqa: S506 # a safe loader, in C where it is built
    if not isinstance(read, dict) or "main" not in read:
        raise SourceError("a source is a map of workflows, main among them")
    source = {name: _workflow(name, body) for name, body in read.items()}
    for name, workflow in source.items():
        _Check(name, source, functions).workflow(workflow)
    return source


def step_of(row: Any, where: str) -> Step:
    """A step of its row `name: body`."""
    if not isinstance(row, dict) or len(row) != 1:
        raise SourceError(f"{where}: a step is one name with its body, not {row!r}")
    ((name, body),) = row.items()
    return Step(name, _kind(body, f"{where}/{name}"), body)


def steps_of(rows: Any, where: str) -> tuple[Step, ...]:
    """The steps of a list."""
    if not isinstance(rows, list) or not rows:
        raise SourceError(f"{where}: steps are a list")
    return tuple(step_of(row, where) for row in rows)


def tried(body: Any, where: str) -> tuple[Step, ...]:
    """What stands below `try`: steps, or one call without a name."""
    return steps_of(body["steps"], where) if "steps" in body else (Step("call", _kind(body, where), body),)


def _kind(body: Any, where: str) -> str:
    if not isinstance(body, dict):
        raise SourceError(f"{where}: a step is a map")
    kind = next((kind for kind in _KINDS if kind in body), None)
    unknown = set(body) - {kind, *(_KINDS[kind] if kind else ())}
    if kind is None or unknown:
        raise SourceError(
            f"{where}: unknown key {', '.join(sorted(map(str, unknown)))}" if unknown else f"{where}: empty"
        )
    return kind


def _workflow(name: str, body: Any) -> Workflow:
    if not isinstance(body, dict) or set(body) - {"params", "steps"} or "steps" not in body:
        raise SourceError(f"{name}: a workflow has params and steps, nothing else")
    return Workflow(tuple(body.get("params", ())), steps_of(body["steps"], name))


@dataclass(frozen=True)
class _Check:
    """What is refused about one workflow: calls, jumps, names and expressions."""

    name: str
    source: Source
    functions: frozenset[str]

    def workflow(self, workflow: Workflow) -> None:
        names = [step.name for step in _all(workflow.steps, self.name)]
        if twice := {name for name in names if names.count(name) > 1}:
            raise SourceError(f"{self.name}: two steps are named {', '.join(sorted(twice))}")
        self._list(workflow.steps, {*workflow.params, *_assigned(workflow.steps, self.name)}, set(JUMPS[:1]))

    def _list(self, steps: tuple[Step, ...], variables: set[str], targets: set[str]) -> None:
        reachable = targets | {step.name for step in steps}
        for step in steps:
            where = f"{self.name}/{step.name}"
            getattr(self, f"_{step.kind}", self._plain)(step.body, where, variables, reachable)
            if "next" in step.body:
                self._jump(step.body["next"], where, reachable)

    def _plain(self, body: Mapping[str, Any], where: str, variables: set[str], targets: set[str]) -> None:
        if "steps" in body:
            self._list(steps_of(body["steps"], where), variables, targets)
        self._values({key: value for key, value in body.items() if key not in ("steps", "next")}, where, variables)

    def _assign(self, body: Mapping[str, Any], where: str, variables: set[str], _targets: set[str]) -> None:
        if len(body["assign"]) > MAXIMUM_ASSIGNMENTS:
            raise SourceError(f"{where}: more than {MAXIMUM_ASSIGNMENTS} assignments")
        self._values([list(row.values()) for row in body["assign"]], where, variables)

    def _call(self, body: Mapping[str, Any], where: str, variables: set[str], _targets: set[str]) -> None:
        called, given = body["call"], set(body.get("args", {}))
        if called in self.source:
            if given != set(self.source[called].params):
                raise SourceError(f"{where}: {called} takes {', '.join(self.source[called].params)}")
        elif called not in _BLOCKING and not called.startswith("googleapis."):
            raise SourceError(f"{where}: there is no {called} to call")
        elif wrong := given - set(_BLOCKING.get(called, given)):
            raise SourceError(f"{where}: {called} has no argument {', '.join(sorted(wrong))}")
        self._values(body.get("args", {}), where, variables)

    def _switch(self, body: Mapping[str, Any], where: str, variables: set[str], targets: set[str]) -> None:
        if len(body["switch"]) > MAXIMUM_CONDITIONS:
            raise SourceError(f"{where}: more than {MAXIMUM_CONDITIONS} conditions")
        for row in body["switch"]:
            if set(row) - {"condition", "steps", "next", "return", "raise"} or "condition" not in row:
                raise SourceError(f"{where}: a condition goes with steps, next, return or raise")
            self._plain(row, where, variables, targets)
            if "next" in row:
                self._jump(row["next"], where, targets)

    def _for(self, body: Mapping[str, Any], where: str, variables: set[str], targets: set[str]) -> None:
        loop = body["for"]
        if set(loop) != {"value", "in", "steps"}:
            raise SourceError(f"{where}: a loop has value, in and steps")
        steps = steps_of(loop["steps"], where)
        self._values(loop["in"], where, variables)
        self._list(steps, variables | {loop["value"], *_assigned(steps, where)}, targets | set(JUMPS))

    def _try(self, body: Mapping[str, Any], where: str, variables: set[str], targets: set[str]) -> None:
        self._list(tried(body["try"], where), variables, targets)
        self._retry(body.get("retry"), where, variables)
        if "except" in body:
            caught = body["except"]
            if set(caught) != {"as", "steps"}:
                raise SourceError(f"{where}: except has as and steps")
            steps = steps_of(caught["steps"], where)
            self._list(steps, variables | {caught["as"], *_assigned(steps, where)}, targets)

    def _retry(self, policy: Any, where: str, variables: set[str]) -> None:
        if policy is None or (isinstance(policy, str) and policy in POLICIES):
            return
        if not isinstance(policy, dict) or set(policy) != {"predicate", "max_retries", "backoff"}:
            raise SourceError(f"{where}: retry is a policy, or predicate, max_retries and backoff")
        if set(policy["backoff"]) != {"initial_delay", "max_delay", "multiplier"}:
            raise SourceError(f"{where}: backoff has initial_delay, max_delay and multiplier")
        if policy["predicate"] not in (*PREDICATES, *(f"${{{name}}}" for name in self.source)):
            raise SourceError(f"{where}: there is no predicate {policy['predicate']}")
        self._values([policy["max_retries"], policy["backoff"]], where, variables)

    def _jump(self, target: str, where: str, targets: set[str]) -> None:
        if target not in targets:
            raise SourceError(f"{where}: there is no step {target} to go to")

    def _values(self, value: Any, where: str, variables: set[str]) -> None:
        try:
            for text in _expressions(value):
                self._names(text, variables)
        except SourceError as error:
            raise SourceError(f"{where}: {error}") from error

    def _names(self, text: str, variables: set[str]) -> None:
        if unknown := set(functions_called(text)) - self.functions:
            raise SourceError(f"there is no function {', '.join(sorted(unknown))}")
        if unset := set(variables_named(text)) - variables:
            raise SourceError(f"variable {', '.join(sorted(unset))} is not set here")


def _expressions(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _expressions(inner)
    elif is_expression(value):
        yield value


def _inner(step: Step, where: str) -> Iterator[tuple[Step, ...]]:
    """The lists of steps inside a step whose variables are the step's own: all but loops and what is caught."""
    if step.kind == "steps":
        yield steps_of(step.body["steps"], where)
    elif step.kind == "switch":
        yield from (steps_of(row["steps"], where) for row in step.body["switch"] if "steps" in row)
    elif step.kind == "try":
        yield tried(step.body["try"], where)


def _local(step: Step, where: str) -> Iterator[tuple[Step, ...]]:
    """The lists of steps inside a step that have variables of their own."""
    if step.kind == "for":
        yield steps_of(step.body["for"]["steps"], where)
    elif "except" in step.body:
        yield steps_of(step.body["except"]["steps"], where)


def _all(steps: tuple[Step, ...], where: str) -> Iterator[Step]:
    for step in steps:
        yield step
        for inner in (*_inner(step, where), *_local(step, where)):
            yield from (each for each in _all(inner, where) if each.body is not step.body.get("try"))


def _assigned(steps: tuple[Step, ...], where: str) -> Iterator[str]:
    """Variables that steps set in the scope that they stand in."""
    for step in steps:
        if step.kind == "assign":
            yield from (name for row in step.body["assign"] for name in row)
        elif "result" in step.body:
            yield step.body["result"]
        for inner in _inner(step, where):
            yield from _assigned(inner, where)
