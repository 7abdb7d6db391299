"""Capacity and phases as sections of the page, from what their packages have worked out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from ops.report.capacity.plot import plot
from ops.report.page.render import Section, environment
from ops.report.page.say import say
from ops.report.phases.tables import span

if TYPE_CHECKING:
    from ops.report.capacity.model import Capacity
    from ops.report.phases.model import Journey

_Language = Literal["en", "ja"]
_LARGE = 100


def capacity_section(capacity: Capacity) -> Section:
    """When each trigger fires, what is changed then and what a month costs after it; a plot for every reading."""
    titles = {each.trigger: each.title for each in capacity.first.firings}
    return _section("capacity", capacity=capacity, titles=titles)


def phases_section(journey: Journey) -> Section:
    """What each step between the phases makes, changes, interrupts, takes and costs."""
    titles = {phase.number: phase.title for phase in journey.phases}
    return _section("phases", journey=journey, titles=titles)


def figure(number: float) -> str:
    """A measured number as a person reads it: digits that mean something."""
    return f"{number:,.0f}" if number >= _LARGE else f"{number:.3g}"


def _section(key: str, **values: Any) -> Section:
    return Section(key, say(key), _written(key, "en", values), _written(key, "ja", values))


def _written(key: str, language: _Language, values: dict[str, Any]) -> str:
    def tell(word: str, **filled: object) -> str:
        return str(getattr(say(word, **filled), language))

    made = environment().overlay()
    made.filters = {**made.filters, "figure": figure, "span": span}
    template = made.get_template(f"{key}.html.j2")
    return template.render(language=language, plot=partial(plot, language=language), tell=tell, **values)
