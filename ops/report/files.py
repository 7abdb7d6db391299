"""The files of a report: a page for people, JSON for programs, a summary for pull requests, growth as CSV."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from infra.catalog.requirement_rows import requirements
from ops.report.as_json import SCHEMA, as_json
from ops.report.capacity import as_csv
from ops.report.markdown import markdown
from ops.report.page import capacity_section, diagram, page, phases_section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ops.report.build import Made


def files(made: Made) -> Mapping[str, str]:
    """What each file holds, by its name."""
    sections = [capacity_section(made.capacity)]
    if made.journey:
        sections.append(phases_section(made.journey))
    asked = {name: (row.title, row.asks) for name, row in requirements().items()}
    return {
        "index.html": page(made.report, asked, diagram(made.plan.resources), sections),
        "report.json": json.dumps(as_json(made.report, made.capacity), ensure_ascii=False, indent=2) + "\n",
        "report.schema.json": json.dumps(SCHEMA, indent=2) + "\n",
        "summary.md": markdown(made.report),
        "capacity.csv": as_csv(made.capacity.first),
    }
