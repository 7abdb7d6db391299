"""How the document's growth fills what a stack declares, and which setting changes in which month (CAP, TRIG).

The model. The document gives figures for year 1, 3 and 5 (read as the ends of these years: months 12, 36 and 60) and a
rate of growth a month with each. They do not agree (`infra.catalog.capacity_rows.contradictions` has the numbers), so
both are worked out: `points` runs through the figures, each month by the same factor; `rates` starts at year 1's figure
and compounds each rate until the next point. What has no rate (machines, users, transactions) runs through its points
in both, and stays at year 1's figure before them. A second question is where the data lies: each kind in its own store,
or all of it in PostgreSQL. `cases` in infra/catalog/capacity.yaml names the three that are told.

A machine that the document asks for is read as a size and not as a load: in the month of its figure such a machine is
just at the trigger. Whatever the document has no figure of (cache, search index, peak of writes) is in proportion to
something it has, by an assumption that is marked as one (confidence D).

Prices are list prices of what is declared after each change. What grows by use alone (storage of BigQuery and
Timescale, traffic, copies) stays at `monitoring.budget.usage`: a month of year 5 costs more than is told here.
"""

from ops.report.capacity.model import Capacity, Change, End, Firing, Month, Step, Timeline
from ops.report.capacity.report import capacity
from ops.report.capacity.table import as_csv

__all__ = ["Capacity", "Change", "End", "Firing", "Month", "Step", "Timeline", "as_csv", "capacity"]
