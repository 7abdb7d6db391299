"""The names that differ between environments, and the files with these names filled in."""

import re
from collections.abc import Iterator, Mapping

from schema.kit import Environment, File, SchemaError

_PLACE = re.compile(r"\$\{(\w+)\}")
_HEADER = re.compile(r"(?:--[^\n]*\n)+")
_REQUIREMENT = re.compile(r"\b[A-Z]{2,}(?:-[A-Z0-9]+)+\b")


def places(environment: Environment) -> Mapping[str, str]:
    """What ${name} stands for: a dataset as project.dataset, `connection` as the way into PostgreSQL.

    Raises SchemaError when the environment has no BigQuery.
    """
    project = environment.settings.project
    plan = environment.declared(environment.plan.bigquery, "bigquery")
    found = {dataset.key: f"{project.gcp_project}.{dataset.key}" for dataset in plan.datasets}
    if plan.federation:
        found["connection"] = f"{project.gcp_project}.{plan.location}.{plan.federation.connection}"
    return found


def filled(file: File, values: Mapping[str, str]) -> str:
    """The text of a file for one environment, its lines where they were; raises SchemaError for an unknown name."""
    for line, name in _named(file.content):
        if name not in values:
            raise wrong(
                file,
                line,
                f"${{{name}}} stands for nothing in this environment",
                allowed=", ".join(f"${{{known}}}" for known in sorted(values)),
                fix="name one of them, or add the dataset (or the federation) to the stack file",
            )
    return _PLACE.sub(lambda match: values[match[1]], file.content)


def check_header(file: File) -> None:
    """Refuse a file that does not begin with what it is for and the requirement behind it."""
    header = _HEADER.match(file.content)
    if header is None or not _REQUIREMENT.search(header[0]):
        raise wrong(
            file,
            1,
            "does not say what it is for" if header is None else "names no requirement",
            allowed="comments at its head that tell both",
            fix="begin it with `-- What it is for.` and `-- Requirements: WL-OLAP`",
        )


def wrong(file: File, line: int | None, given: str, *, allowed: str = "", fix: str = "") -> SchemaError:
    """The error of a place in a file; `line` counts from 1, None where it is not known."""
    where = file.path.as_posix() if line is None else f"{file.path.as_posix()}:{line}"
    return SchemaError(where, given, allowed=allowed, fix=fix)


def _named(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        for match in _PLACE.finditer(line):
            yield number, match[1]
