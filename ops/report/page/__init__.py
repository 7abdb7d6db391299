"""The report as a page for people: one file, two languages, a picture of the platform, nothing to be loaded."""

from ops.report.page.diagram import Diagram, diagram
from ops.report.page.render import Section, page

__all__ = ["Diagram", "Section", "diagram", "page"]
