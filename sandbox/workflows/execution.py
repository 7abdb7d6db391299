"""One execution of a source: its steps carried out in order, on a clock that only sleeping moves."""

import copy
import json
from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.workflows.errors import RaisedError, SourceError
from sandbox.workflows.expressions import Names, evaluate, is_expression, truth
from sandbox.workflows.library import functions
from sandbox.workflows.retries import POLICIES, PREDICATES
from sandbox.workflows.source import Source, Step, load, steps_of, tried

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
        self._source: Source = load(self.text, frozenset(self._functions))
        self._calls: dict[str, Callable[[Mapping[str, Any]], Any]] = {
            "sys.log": self._write,
            "sys.sleep": lambda arguments: self.clock.sleep(arguments["seconds"]),
        }

    def run(self, argument: Any) -> Any:
        """The result of the main workflow. Raises RaisedError where the execution would fail."""
        main = self._source["main"]
        return self._workflow("main", dict.fromkeys(main.params, argument), 0)

    def _workflow(self, name: str, arguments: Mapping[str, Any], depth: int) -> Any:
        if depth >= MAXIMUM_DEPTH:
            raise RaisedError.tagged("RecursionError", f"more than {MAXIMUM_DEPTH} calls inside each other")
        left = self._run(self._source[name].steps, ChainMap(copy.deepcopy(dict(arguments))), depth)
        return left.value if left else None

    def _run(self, steps: tuple[Step, ...], scope: Scope, depth: int) -> _Left | None:
        places = {step.name: place for place, step in enumerate(steps)}
        place = 0
        while place < len(steps):
            left = self._step(steps[place], scope, depth)
            if left is None:
                place += 1
            elif left.target in places:
                place = places[left.target]
            elif left.target == "end":
                return _Left()
            else:
                return left
        return None

    def _step(self, step: Step, scope: Scope, depth: int) -> _Left | None:
        self.steps += 1
        if self.steps > MAXIMUM_STEPS:
            raise RaisedError.tagged("ResourceLimitError", f"more than {MAXIMUM_STEPS} steps")
        left: _Left | None = getattr(self, f"_{step.kind}")(step.body, scope, depth)
        if left is None and "next" in step.body:
            return _Left(step.body["next"])
        return left

    def _value(self, value: Any, scope: Scope) -> Any:
        if isinstance(value, dict):
            return {key: self._value(inner, scope) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._value(inner, scope) for inner in value]
        if is_expression(value):
            return copy.deepcopy(evaluate(value, Names(scope, self._functions)))
        return value

    def _assign(self, body: Mapping[str, Any], scope: Scope, _depth: int) -> None:
        for row in body["assign"]:
            for name, value in row.items():
                _set(scope, name, self._value(value, scope))

    def _call(self, body: Mapping[str, Any], scope: Scope, depth: int) -> None:
        called, arguments = body["call"], self._value(body.get("args", {}), scope)
        if called in self._source:
            answer = self._workflow(called, arguments, depth + 1)
        elif called.startswith("googleapis."):
            answer = self.google.connector(called, arguments)
        elif called.startswith("http."):
            answer = self.google.http(called.removeprefix("http."), arguments)
        else:
            answer = self._calls[called](arguments)
        if "result" in body:
            _set(scope, body["result"], answer)

    def _switch(self, body: Mapping[str, Any], scope: Scope, depth: int) -> _Left | None:
        for row in body["switch"]:
            if not truth(self._value(row["condition"], scope)):
                continue
            for kind in ("steps", "return", "raise"):
                if kind in row and (left := getattr(self, f"_{kind}")(row, scope, depth)):
                    return left  # type: ignore[no-any-return] # one of the methods below
            return _Left(row["next"]) if "next" in row else None
        return None

    def _for(self, body: Mapping[str, Any], scope: Scope, depth: int) -> _Left | None:
        loop = body["for"]
        values, steps = self._value(loop["in"], scope), steps_of(loop["steps"], "for")
        if not isinstance(values, list | dict):
            raise RaisedError.tagged("TypeError", "a loop goes over a list or the keys of a map")
        for value in values:
            left = self._run(steps, scope.new_child({loop["value"]: value}), depth)
            if left and left.target == "break":
                return None
            if left and left.target != "continue":
                return left
        return None

    def _try(self, body: Mapping[str, Any], scope: Scope, depth: int) -> _Left | None:
        steps = tried(body["try"], "try")
        try:
            return self._tried_again(steps, body.get("retry"), scope, depth)
        except RaisedError as error:
            if "except" not in body:
                raise
            caught = body["except"]
            return self._run(steps_of(caught["steps"], "except"), scope.new_child({caught["as"]: error.value}), depth)

    def _tried_again(self, steps: tuple[Step, ...], written: Any, scope: Scope, depth: int) -> _Left | None:
        policy = POLICIES[written] if isinstance(written, str) else self._policy(written, scope)
        delay = policy["backoff"]["initial_delay"] if policy else 0
        for _ in range(policy["max_retries"] if policy else 0):
            try:
                return self._run(steps, scope, depth)
            except RaisedError as error:
                if not self._may_be_tried_again(policy["predicate"], error.value, depth):
                    raise
            self.clock.sleep(delay)
            delay = min(delay * policy["backoff"]["multiplier"], policy["backoff"]["max_delay"])
        return self._run(steps, scope, depth)

    def _policy(self, written: Any, scope: Scope) -> Any:
        return written and {
            key: value if key == "predicate" else self._value(value, scope) for key, value in written.items()
        }

    def _may_be_tried_again(self, predicate: str, error: Any, depth: int) -> bool:
        if predicate in PREDICATES:
            return PREDICATES[predicate](error)
        name = predicate[2:-1]
        (parameter,) = self._source[name].params
        return truth(self._workflow(name, {parameter: error}, depth + 1))

    def _steps(self, body: Mapping[str, Any], scope: Scope, depth: int) -> _Left | None:
        return self._run(steps_of(body["steps"], "steps"), scope, depth)

    def _return(self, body: Mapping[str, Any], scope: Scope, _depth: int) -> _Left:
        return _Left(value=self._value(body["return"], scope))

    def _raise(self, body: Mapping[str, Any], scope: Scope, _depth: int) -> None:
        raise RaisedError(self._value(body["raise"], scope))

    def _next(self, _body: Mapping[str, Any], _scope: Scope, _depth: int) -> None:
        """Only the jump, which every step may have."""

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
