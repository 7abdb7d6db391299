"""What TimescaleDB refuses late, or takes in silence and then loses data by: told before anything is changed.

Sources: Tiger Data's documentation of create_hypertable, ALTER TABLE (hypercore), add_columnstore_policy,
add_retention_policy, add_continuous_aggregate_policy and time_bucket (read 2026-11-25), and what the server of the
tests does.
"""

from collections.abc import Callable, Iterator, Sequence

from schema.kit import File, SchemaError
from schema.timescale import lint_files, lint_policies
from schema.timescale.contents import Contents, read_contents

RULES: Sequence[Callable[[Contents], Iterator[SchemaError]]] = (
    lint_files.forms,
    lint_files.keys,
    lint_files.columnstore_columns,
    lint_files.row_security,
    lint_files.buckets,
    lint_policies.same_names,
    lint_policies.columnstore_is_on,
    lint_policies.chunks,
    lint_policies.refresh_windows,
    lint_policies.sources_outlive_windows,
    lint_policies.retention_order,
)
"""Each yields what it refuses."""


def check(files: Sequence[File], policies_file: File) -> Contents:
    """Read the files and hold every rule against them; raises SchemaError for the first thing that is refused."""
    contents = read_contents(files, policies_file)
    for rule in RULES:
        for refused in rule(contents):
            raise refused
    return contents
