"""What the phases of the PostgreSQL tier are for a stack, and what each step between them does (PG-PHASE-1 … 4)."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from infra import catalog
from infra.catalog.operation_rows import OperationRow
from infra.catalog.words import Words
from infra.derive.cost_lines import Range


class Span(NamedTuple):
    """A time between two ends; its owner says whether in minutes or in seconds."""

    low: float
    high: float


@dataclass(frozen=True)
class SettingChange:
    """A value of the stack file that a phase changes, by its dotted path; None where it is absent."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Phase:
    """A phase as settings of a stack.

    `settings` are what changes from the phase before, for the first from the stack as it is declared. `refused` says
    why the stack cannot be in it, empty where it can.
    """

    number: int
    requirement: str
    title: Words
    settings: tuple[SettingChange, ...]
    refused: str = ""


@dataclass(frozen=True)
class Touched:
    """A resource that a step touches; `inputs` are those that change, for a replacement those that force it."""

    name: str
    type: str
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Restart:
    """Something that clients feel: the resource, the input whose change does it, and the catalogue's row about it."""

    name: str
    input: str
    row: OperationRow

    @property
    def effect(self) -> str:
        """The kind of interruption: restart or rolling."""
        return "restart" if self.row.effect == "flag" else self.row.effect

    @property
    def why(self) -> Words:
        """Why the change interrupts."""
        return Words(self.row.en, self.row.ja)


@dataclass(frozen=True)
class Held:
    """An input that is declared differently and left as it is: the program lets the cloud decide it."""

    name: str
    input: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Chain:
    """The operations that wait for each other and take longest: their names in order, and their minutes."""

    names: tuple[str, ...]
    minutes: Span


@dataclass(frozen=True)
class Step:
    """What leads from a phase to another, by the in-process plans before and after.

    `untold` are changed inputs of stores about which no row of operations.yaml tells whether they interrupt. `downtime`
    is in seconds, for clients of the primary. `before` and `after` are list prices a month in USD.
    """

    from_phase: int
    to_phase: int
    created: tuple[Touched, ...]
    updated: tuple[Touched, ...]
    deleted: tuple[Touched, ...]
    replaced: tuple[Touched, ...]
    held: tuple[Held, ...]
    restarts: tuple[Restart, ...]
    untold: tuple[Touched, ...]
    chain: Chain
    downtime: Span
    before: Range
    after: Range

    @property
    def minutes(self) -> Span:
        """How long the step takes."""
        return self.chain.minutes

    @property
    def lost(self) -> tuple[Touched, ...]:
        """What holds data and would be deleted or replaced: nothing, or the step must not be taken."""
        return tuple(each for each in (*self.deleted, *self.replaced) if each.type in catalog.stateful_types())


@dataclass(frozen=True)
class Journey:
    """The phases of a stack and the steps between them.

    `now` is the highest phase whose settings the stack has at least, 0 for none. `following` leads from the stack as it
    is declared to the next phase; None after the last one, or where the next is refused. A refused phase has no steps.
    """

    stack: str
    now: int
    phases: tuple[Phase, ...]
    steps: tuple[Step, ...]
    following: Step | None
