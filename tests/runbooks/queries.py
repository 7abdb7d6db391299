"""Queries and filters in blocks: whether what they are for could read them."""

import json
import logging
import re
from collections.abc import Iterator

import sqlglot
from sqlglot import exp

from tests.runbooks.page import Block
from tests.runbooks.shell import Command

_DIALECTS = {"bigquery": "bigquery"}
_MAY_CHANGE = frozenset({"owner", "administrator", "timescale"})
_PAIRS = {")": "(", "]": "[", "}": "{"}
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_FIELDS = frozenset(
    {
        "resource", "logName", "severity", "timestamp", "textPayload", "jsonPayload", "protoPayload", "httpRequest",
        "labels", "operation", "trace", "insertId", "log_id", "SEARCH",
    }
)  # fmt: skip
"""Fields of a LogEntry, and functions (Cloud Logging documentation, "Logging query language", read 2026-11)."""
_COMPARED = re.compile(r"([A-Za-z_]+)(?:\.[\w.]+)?\s*(?:=~|!~|!=|>=|<=|=|:|<|>|\()")


def query_problems(block: Block) -> Iterator[str]:
    """What cannot be read of a block that is no shell script and not PromQL."""
    kind, _, where = block.kind.partition(" ")
    found: Iterator[str] = iter(())
    if kind == "sql":
        found = _sql(block.text, _DIALECTS.get(where, "postgres"), may_change=where in _MAY_CHANGE)
    elif kind == "logging":
        found = log_filter_problems(block.text)
    elif kind == "json":
        found = _json(block.text)
    elif kind == "js":
        found = _balanced(block.text)
    yield from (f"line {block.line}: {problem}" for problem in found)


def _sql(text: str, dialect: str, *, may_change: bool) -> Iterator[str]:
    # It warns of upkeep that it keeps as text; a server runs those (tests/integration).
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    try:
        statements = sqlglot.parse(text, dialect=dialect)
    except sqlglot.errors.SqlglotError as error:
        yield f"no {dialect}: {str(error).splitlines()[0]}"
        return
    if len(statements) != 1:
        yield f"{len(statements)} statements in one block"
    if not may_change and any(not isinstance(statement, exp.Query) for statement in statements):
        yield "it does not only read: say who runs it (sql owner, sql administrator)"


def log_filter_problems(text: str) -> Iterator[str]:
    """What Cloud Logging would not take of a filter."""
    bare = _TEXT.sub('""', text)
    if '"' in bare.replace('""', ""):
        yield "a quote is not closed"
    yield from _balanced(bare)
    for field in _COMPARED.findall(bare):
        if field not in _FIELDS and field not in ("AND", "OR", "NOT"):
            yield f"{field} is no field of a log entry"


def read_problems(command: Command) -> Iterator[str]:
    """What Cloud Logging would not take of the filter of `gcloud logging read`."""
    if command.words[:3] == ("gcloud", "logging", "read") and not command.words[3].startswith("--"):
        yield from (f"{command}: {each}" for each in log_filter_problems(command.words[3].replace('\\"', '"')))


def _json(text: str) -> Iterator[str]:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        yield f"no JSON: {error}"


def _balanced(text: str) -> Iterator[str]:
    open_ones: list[str] = []
    for letter in re.sub(r"'[^'\n]*'|\"[^\"\n]*\"|`[^`]*`", "", text):
        if letter in _PAIRS.values():
            open_ones.append(letter)
        elif letter in _PAIRS and (not open_ones or open_ones.pop() != _PAIRS[letter]):
            yield f"{letter} closes nothing"
            return
    if open_ones:
        yield f"{open_ones[-1]} is not closed"
