"""The report as a page for people: one file, two languages, a picture of the platform, nothing to be loaded."""

from ops.report.page.diagram import Diagram, diagram
from ops.report.page.render import Section, page
from ops.report.page.sections import capacity_section, phases_section

__all__ = ["Diagram", "Section", "capacity_section", "diagram", "page", "phases_section"]
