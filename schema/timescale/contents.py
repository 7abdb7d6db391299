"""The files of the schema, read: what the rules are held against."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schema.kit import File
from schema.timescale.definitions import Aggregate, Definitions, definitions
from schema.timescale.policies import AggregatePolicies, HypertablePolicies, Policies, read_policies


@dataclass(frozen=True)
class Contents:
    """The SQL files with what they define, and the policies."""

    files: Sequence[File]
    policies_file: File
    definitions: Definitions
    policies: Policies

    def row(self, *names: str) -> str:
        """A row of policies.yaml, as errors name it."""
        return f"{self.policies_file.path.as_posix()}: {'.'.join(names)}"

    def aggregates(self) -> Iterator[tuple[AggregatePolicies, Aggregate]]:
        """The rows of aggregates that are defined."""
        for name, row in self.policies.continuous_aggregates.items():
            if name in self.definitions.aggregates:
                yield row, self.definitions.aggregates[name]

    def source(self, aggregate: Aggregate) -> tuple[str, HypertablePolicies | AggregatePolicies | None]:
        """What an aggregate is made of: in which part of the policies, and its row."""
        name = aggregate.source
        if name in self.policies.hypertables:
            return "hypertables", self.policies.hypertables[name]
        return "continuous_aggregates", self.policies.continuous_aggregates.get(name)


def read_contents(files: Sequence[File], policies_file: File) -> Contents:
    """Read everything; raises SchemaError for what cannot be read."""
    return Contents(files, policies_file, definitions(files), read_policies(policies_file))
