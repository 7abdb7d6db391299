"""One execution of a source: its steps carried out in order, on a clock that only sleeping moves."""

import copy
import json
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.workflows.checks import load
from sandbox.workflows.errors import RaisedError, SourceError
from sandbox.workflows.expressions import Names, evaluate, is_expression, truth
from sandbox.workflows.library import functions
from sandbox.workflows.retries import POLICIES, PREDICATES
from sandbox.workflows.source import (
    Action,
    Assign,
    Backoff,
    Block,
    Call,
    For,
    Loop,
    Raise,
    Retry,
    Return,
    Steps,
    Switch,
    Try,
)

MAXIMUM_STEPS = 100_000
MAXIMUM_MEMORY = 512 * 1024
"""Steps of an execution, and bytes of its variables (Workflows, "Quotas and limits", read 2026-11)."""

MAXIMUM_DEPTH = 20


class Clock:
    """Seconds since 1970 that pass by sleeping alone."""

    def __init__(self, now: float) -> None:
        self.now = now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class Google(Protocol):
    """Who answers connectors and HTTP requests; raises RaisedError as Workflows would, SourceError for a wrong call."""

    def connector(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """The answer of `googleapis.…`, long-running operations awaited."""

    def http(self, method: str, arguments: Mapping[str, Any]) -> Any:
        """The answer of `http.get` and the like: body, code and headers."""


@dataclass(frozen=True)
class Entry:
    """A log entry: severity, and text or a map."""

    severity: str
    payload: Any


Scope = ChainMap[str, Any]
"""Variables, innermost first: those of a loop or of an `except` are gone with it, and see the ones around them."""


@dataclass(frozen=True)
class _Left:
    """How a list of steps was left before its end: by a jump to a step, or by `return`."""

    target: str | None = None
    value: Any = None


@dataclass
class Execution:
    """An execution of a source; `log` is what `sys.log` wrote, `steps` how many were carried out."""

    text: str
    google: Google
    clock: Clock
    environment: Mapping[str, str] = field(default_factory=dict)
    log: list[Entry] = field(default_factory=list)
    steps: int = 0

    def __post_init__(self) -> None:
        self._functions = functions(lambda: self.clock.now, self.environment)
        self._workflows = load(self.text, frozenset(self._functions))

    def run(self, argument: Any) -> Any:
        """The result of the main workflow. Raises RaisedError where the execution would fail."""
        return self._workflow("main", dict.fromkeys(self._workflows["main"].params, argument), 0)

    def _workflow(self, name: str, arguments: Mapping[str, Any], depth: int) -> Any:
        if depth >= MAXIMUM_DEPTH:
            raise RaisedError.tagged("RecursionError", f"more than {MAXIMUM_DEPTH} calls inside each other")
        left = self._run(self._workflows[name].steps, ChainMap(copy.deepcopy(dict(arguments))), depth)
        return left.value if left else None

    def _run(self, steps: Steps, scope: Scope, depth: int) -> _Left | None:
        places = {step.name: place for place, step in enumerate(steps)}
        place = 0
        while place < len(steps):
            self.steps += 1
            if self.steps > MAXIMUM_STEPS:
                raise RaisedError.tagged("ResourceLimitError", f"more than {MAXIMUM_STEPS} steps")
            left = self._do(steps[place].action, scope, depth)
            if left is None:
                place += 1
            elif left.target in places:
                place = places[left.target]
            elif left.target == "end":
                return _Left()
            else:
                return left
        return None

    def _do(self, action: Action, scope: Scope, depth: int) -> _Left | None:  # noqa: C901 # one case a kind of step
        left: _Left | None = None
        match action:
            case Assign():
                for name, value in (pair for row in action.assign for pair in row.items()):
                    _set(scope, name, self._value(value, scope))
            case Call():
                answer = self._called(action.call, self._value(action.args, scope), depth)
                if action.result:
                    _set(scope, action.result, answer)
            case Switch():
                then = next((case.then for case in action.switch if truth(self._value(case.condition, scope))), None)
                left = self._do(then, scope, depth) if then else None
            case Block():
                left = self._run(action.steps, scope, depth)
            case For():
                left = self._loop(action.loop, scope, depth)
            case Try():
                left = self._try(action, scope, depth)
            case Return():
                left = _Left(value=self._value(action.value, scope))
            case Raise():
                raise RaisedError(self._value(action.value, scope))
        target = getattr(action, "next", None)
        return _Left(target) if left is None and target else left

    def _value(self, value: Any, scope: Scope) -> Any:
        if isinstance(value, dict):
            return {key: self._value(inner, scope) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._value(inner, scope) for inner in value]
        if is_expression(value):
            return copy.deepcopy(evaluate(value, Names(scope, self._functions)))
        return value

    def _called(self, name: str, arguments: Mapping[str, Any], depth: int) -> Any:
        if name in self._workflows:
            return self._workflow(name, arguments, depth + 1)
        if name.startswith("googleapis."):
            return self.google.connector(name, arguments)
        if name.startswith("http."):
            return self.google.http(name.removeprefix("http."), arguments)
        return self._write(arguments) if name == "sys.log" else self.clock.sleep(arguments["seconds"])

    def _loop(self, loop: Loop, scope: Scope, depth: int) -> _Left | None:
        values = self._value(loop.over, scope)
        if not isinstance(values, list | dict):
            raise RaisedError.tagged("TypeError", "a loop goes over a list or the keys of a map")
        for value in values:
            left = self._run(loop.steps, scope.new_child({loop.value: value}), depth)
            if left and left.target == "break":
                return None
            if left and left.target != "continue":
                return left
        return None

    def _try(self, action: Try, scope: Scope, depth: int) -> _Left | None:
        try:
            return self._tried(action, scope, depth)
        except RaisedError as error:
            if action.caught is None:
                raise
            return self._run(action.caught.steps, scope.new_child({action.caught.name: error.value}), depth)

    def _tried(self, action: Try, scope: Scope, depth: int) -> _Left | None:
        written = POLICIES[action.retry] if isinstance(action.retry, str) else action.retry
        policy = written or Retry(
            predicate="", max_retries=0, backoff=Backoff(initial_delay=0, max_delay=0, multiplier=0)
        )
        delay, most, growth = (self._value(value, scope) for _, value in policy.backoff)
        for _ in range(self._value(policy.max_retries, scope)):
            try:
                return self._run(action.steps, scope, depth)
            except RaisedError as error:
                if not self._may_be_tried_again(policy.predicate, error.value, depth):
                    raise
            self.clock.sleep(delay)
            delay = min(delay * growth, most)
        return self._run(action.steps, scope, depth)

    def _may_be_tried_again(self, predicate: str, error: Any, depth: int) -> bool:
        if predicate in PREDICATES:
            return PREDICATES[predicate](error)
        name = predicate[2:-1]
        (parameter,) = self._workflows[name].params
        return truth(self._workflow(name, {parameter: error}, depth + 1))

    def _write(self, arguments: Mapping[str, Any]) -> None:
        payloads = [arguments[key] for key in ("data", "text", "json") if key in arguments]
        if len(payloads) != 1 or ("json" in arguments and not isinstance(arguments["json"], dict)):
            raise RaisedError.tagged("TypeError", "sys.log takes one of data, text and json, a map")
        severity = arguments.get("severity", "DEFAULT")
        if severity not in ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"):
            raise SourceError(f"sys.log: there is no severity {severity}")
        self.log.append(Entry(severity, payloads[0]))


def _set(scope: Scope, name: str, value: Any) -> None:
    """Set a variable where it is, or anew in the innermost place."""
    next((variables for variables in scope.maps if name in variables), scope.maps[0])[name] = value
    if len(json.dumps(dict(scope), default=str)) > MAXIMUM_MEMORY:
        raise RaisedError.tagged("ResourceLimitError", f"variables of more than {MAXIMUM_MEMORY} bytes")
