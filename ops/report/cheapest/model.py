"""What is handed out: for each store, what could be had for less, and what stands in the way of still less."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.derive.cost_lines import Range
    from ops.report.capacity.model import Change
    from ops.report.stack import Overlay


@dataclass(frozen=True)
class Due:
    """A trigger of growth and the month in which it fires."""

    trigger: str
    month: int


@dataclass(frozen=True)
class Cheaper:
    """Settings that cost less, laid over the stack's own; USD a month at list price.

    `month` is the store's, `saved` the whole stack's, whose copies can shrink as well. `gives_up` are requirements that
    are met now and would not be: those that name a size themselves, never another. `sooner` are triggers that fire
    earlier than for what is declared. `stopped_by` refuses the next cheaper size: the path of a setting, a trigger or a
    requirement; empty when there is none.
    """

    settings: Overlay
    changes: tuple[Change, ...]
    month: Range
    saved: Range
    gives_up: tuple[str, ...]
    sooner: tuple[Due, ...]
    stopped_by: str


@dataclass(frozen=True)
class Cheapest:
    """A store, its month as declared, and the cheaper settings: none, one or two.

    The first keeps every requirement, unless it says what it gives up; a second gives up those that name a size.
    `stopped_by` is what refuses the size that is just cheaper than the declared one, where no setting keeps everything.
    """

    store: str
    month: Range
    cheaper: tuple[Cheaper, ...]
    stopped_by: str
