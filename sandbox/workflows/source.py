"""A workflow's source as typed steps.

Keys and limits are those of Workflows' syntax reference and its "Quotas and limits" (read 2026-11). Parallel steps,
ranges and assignments to a part of a variable are not known here: the platform's sources have none.
"""

from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, RootModel, Tag, ValidationError

from sandbox.workflows.errors import SourceError

MAXIMUM_SOURCE = 128 * 1024
MAXIMUM_ROWS = 50
"""Bytes of a source; assignments of a step and conditions of a switch."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KINDS = ("assign", "call", "switch", "for", "try", "steps", "return", "raise", "next")


class Part(BaseModel):
    """A part of a source; an unknown key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Assign(Part):
    """Variables, one a row."""

    assign: Annotated[tuple[dict[str, Any], ...], Field(max_length=MAXIMUM_ROWS)]
    next: str | None = None


class Call(Part):
    """A call of a subworkflow, a connector or a function that takes time."""

    call: str
    args: dict[str, Any] = {}
    result: str | None = None
    next: str | None = None


class Block(Part):
    """Steps under one name."""

    steps: "Steps"
    next: str | None = None


class Jump(Part):
    """Only a jump."""

    next: str


class Return(Part):
    """The end of a workflow, with its result."""

    value: Any = Field(alias="return")


class Raise(Part):
    """An error: a map or a text."""

    value: Any = Field(alias="raise")


def _case(row: Any) -> Any:
    if not isinstance(row, dict) or "condition" not in row:
        raise ValueError("a row of a switch has a condition")
    return {"condition": row["condition"], "then": {key: value for key, value in row.items() if key != "condition"}}


class Case(Part):
    """A row of a switch, and what is done when its condition holds."""

    condition: Any
    then: "Outcome"


class Switch(Part):
    """The first row whose condition holds."""

    switch: Annotated[tuple[Annotated[Case, BeforeValidator(_case)], ...], Field(max_length=MAXIMUM_ROWS)]
    next: str | None = None


class Loop(Part):
    """A variable for each element of a list, or each key of a map."""

    value: str
    over: Any = Field(alias="in")
    steps: "Steps"


class For(Part):
    """A loop, with variables of its own."""

    loop: Loop = Field(alias="for")


class Backoff(Part):
    """Seconds before the first further attempt, at most, and how they grow."""

    initial_delay: Any
    max_delay: Any
    multiplier: Any


class Retry(Part):
    """What is tried again, and how often."""

    predicate: str
    max_retries: Any
    backoff: Backoff


class Except(Part):
    """Steps after an error, with variables of their own."""

    name: str = Field(alias="as")
    steps: "Steps"


def _tried(body: Any) -> Any:
    """What stands below `try`: steps, or one call without a name."""
    return body["steps"] if isinstance(body, dict) and set(body) == {"steps"} else [{"": body}]


class Try(Part):
    """Steps that are tried again, and steps after an error; `retry` may be the name of a policy."""

    steps: Annotated["Steps", BeforeValidator(_tried)] = Field(alias="try")
    retry: str | Retry | None = None
    caught: Except | None = Field(None, alias="except")


def _kind(body: Any) -> str | None:
    return next((kind for kind in _KINDS if kind in body), None) if isinstance(body, dict) else None


_DISCRIMINATOR = Discriminator(_kind, custom_error_type="step", custom_error_message="no step that is known here")
Outcome = Annotated[
    Annotated[Block, Tag("steps")]
    | Annotated[Return, Tag("return")]
    | Annotated[Raise, Tag("raise")]
    | Annotated[Jump, Tag("next")],
    _DISCRIMINATOR,
]
Action = Annotated[
    Annotated[Assign, Tag("assign")]
    | Annotated[Call, Tag("call")]
    | Annotated[Switch, Tag("switch")]
    | Annotated[For, Tag("for")]
    | Annotated[Try, Tag("try")]
    | Annotated[Block, Tag("steps")]
    | Annotated[Return, Tag("return")]
    | Annotated[Raise, Tag("raise")]
    | Annotated[Jump, Tag("next")],
    _DISCRIMINATOR,
]


class Step(Part):
    """A step: its name, and what it does."""

    name: str
    action: Action


def _rows(rows: Any) -> Any:
    if not isinstance(rows, list) or not all(isinstance(row, dict) and len(row) == 1 for row in rows):
        raise ValueError("steps are a list of names with a body each")
    return [{"name": name, "action": body} for row in rows for name, body in row.items()]


Steps = Annotated[tuple[Step, ...], BeforeValidator(_rows), Field(min_length=1)]


class Workflow(Part):
    """The main workflow or a subworkflow."""

    params: tuple[str, ...] = ()
    steps: Steps


class Source(RootModel[dict[str, Workflow]]):
    """Workflows by name, `main` among them."""


def read(text: str) -> dict[str, Workflow]:
    """The workflows of a source; raises SourceError where their shape is wrong."""
    if len(text.encode()) > MAXIMUM_SOURCE:
        raise SourceError(f"a source has {MAXIMUM_SOURCE} bytes at most")
    try:
        workflows = Source(yaml.load(text, Loader=_LOADER)).root  # noqa: S506 # a safe loader, in C where it is built
    except ValidationError as error:
        # Of what a union refuses, the form that came nearest.
        nearest = max(error.errors(), key=lambda row: len(row["loc"]))
        raise SourceError(f"{'/'.join(str(part) for part in nearest['loc'])}: {nearest['msg']}") from error
    if "main" not in workflows:
        raise SourceError("a source has a workflow main")
    return workflows
