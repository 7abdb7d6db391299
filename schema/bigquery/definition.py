"""One file of SQL, parsed: which object it defines, and the statements it consists of."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from schema.bigquery.places import check_header, filled, wrong
from schema.kit import File, SchemaError

DIALECT = "bigquery"


# It warns of each statement that it does not understand; here that is an error with a place.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


class NotUnderstoodError(ParseError):
    """A statement that may be BigQuery's and cannot be checked."""


class Kind(StrEnum):
    """What a file defines or changes."""

    TABLE = "table"
    COLUMN = "column"
    DROPPED = "dropped table"
    VIEW = "view"
    FUNCTION = "function"
    TABLE_FUNCTION = "table function"
    PROCEDURE = "procedure"


_FORMS: Mapping[str, tuple[frozenset[Kind], str]] = {
    "migrations": (
        frozenset({Kind.TABLE, Kind.COLUMN, Kind.DROPPED}),
        "CREATE TABLE IF NOT EXISTS, ALTER TABLE … ADD COLUMN IF NOT EXISTS or DROP TABLE IF EXISTS",
    ),
    "views": (frozenset({Kind.VIEW}), "CREATE OR REPLACE VIEW"),
    "routines": (
        frozenset({Kind.FUNCTION, Kind.TABLE_FUNCTION, Kind.PROCEDURE}),
        "CREATE OR REPLACE FUNCTION, TABLE FUNCTION or PROCEDURE",
    ),
}


@dataclass(frozen=True)
class Definition:
    """A file that was parsed.

    `sql` is its text for the environment, `target` the object's full name, `tree` the statement (of a procedure its
    head alone), `body` what is read and written when it is used: a view's query, a function's expression, a procedure's
    statements. `parameters` are types by name.
    """

    file: File
    sql: str
    kind: Kind
    target: str
    tree: exp.Expr
    body: tuple[exp.Expr, ...] = ()
    parameters: Mapping[str, exp.DataType] | None = None

    @property
    def name(self) -> str:
        """The object's own name."""
        return self.target.rpartition(".")[2]

    @property
    def dataset(self) -> str:
        """The dataset it lies in."""
        return self.target.split(".")[1]

    @property
    def query(self) -> str:
        """A view's query as it is written, its lines where they were."""
        return _after_as(self.sql, sqlglot.tokenize(self.sql, read=DIALECT))

    @property
    def is_routine(self) -> bool:
        """Whether it is called, not read."""
        return self.kind in _FORMS["routines"][0]


def parsed(file: File, folder: str, values: Mapping[str, str]) -> Definition:
    """Parse a file of migrations/, views/ or routines/; raises SchemaError with its line for what cannot run there."""
    check_header(file)
    sql = filled(file, values)
    tokens = _tokens(file, sql)
    found = _procedure(file, sql, tokens) if _is_procedure(tokens) else _statement(file, sql, tokens)
    kinds, allowed = _FORMS[folder]
    if found is None or found.kind not in kinds:
        raise wrong(
            file,
            tokens[0].line if tokens else 1,
            f"holds {'nothing' if not tokens else ' '.join(token.text for token in tokens[:4])} …",
            allowed=f"one statement that can be run twice: {allowed}",
            fix="write it in this form, or move it to the folder of its kind",
        )
    if found.kind in (Kind.VIEW, *_FORMS["routines"][0]) and found.name != file.name:
        raise wrong(file, line_of(found.tree), f"defines {found.name}", fix=f"rename the file to {found.name}.sql")
    return found


def line_of(node: exp.Expr | None) -> int | None:
    """The first line that a part of a statement, or the nearest part around it, stands on."""
    while node is not None:
        lines = [int(part.meta["line"]) for part in node.walk() if "line" in part.meta]
        if lines:
            return min(lines)
        node = node.parent
    return None


def full_name(table: exp.Table) -> str:
    """project.dataset.object, as far as it is written."""
    return ".".join(part.name for part in table.parts)


def statements(sql: str) -> tuple[exp.Expr, ...]:
    """Statements of SQL; raises ParseError for what is none, NotUnderstoodError for what is none that is known."""
    found = tuple(tree for tree in sqlglot.parse(sql, dialect=DIALECT) if tree is not None)
    for tree in found:
        if command := tree.find(exp.Command):
            raise NotUnderstoodError(f"{command.name} … is not understood")
    return found


def canonical(sql: str) -> tuple[str, ...]:
    """Statements without comments and in one form, in which two texts that mean the same are mostly equal."""
    text = sql.strip()
    # BigQuery gives a procedure's body back with its frame, others without.
    if text[:5].upper() == "BEGIN":
        text = text[5:].rstrip(" \n;").removesuffix("END").removesuffix("end")
    try:
        return tuple(tree.sql(DIALECT, comments=False) for tree in statements(text))
    except (ParseError, TokenError):
        return (" ".join(text.split()),)


def _tokens(file: File, sql: str) -> list[Token]:
    try:
        return list(sqlglot.tokenize(sql, read=DIALECT))
    except TokenError as error:
        raise _broken(file, error) from None


def _statement(file: File, sql: str, tokens: list[Token]) -> Definition | None:
    """The one statement of a file that is not a procedure."""
    try:
        trees = _statements(sql, tokens)
    except (ParseError, TokenError) as error:
        raise _broken(file, error) from None
    if len(trees) > 1:
        raise wrong(
            file,
            line_of(trees[1]),
            f"holds {len(trees)} statements",
            allowed="one: BigQuery undoes nothing of a file that fails in the middle",
            fix="give each a file of its own",
        )
    if not trees:
        return None
    (tree,) = trees
    kind = _kind(tree, tokens)
    if kind is None:
        return None
    target = _target(tree)
    _check_written_whole(file, target)
    return Definition(file, sql, kind, full_name(target), tree, _body(tree), _parameters(tree))


def _statements(sql: str, tokens: Sequence[Token]) -> tuple[exp.Expr, ...]:
    """The statements of a file; where one is not understood, what stands behind its AS tells the place."""
    try:
        return statements(sql)
    except NotUnderstoodError:
        statements(_after_as(sql, tokens))
        raise


def _after_as(sql: str, tokens: Sequence[Token]) -> str:
    """What a CREATE is made of, its lines where they were; "" when there is no AS."""
    depth = 0
    for token in tokens:
        depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
        if token.token_type is TokenType.ALIAS and not depth:
            return "\n" * (token.line - 1) + sql[token.end + 1 :]
    return ""


def _target(tree: exp.Expr) -> exp.Table:
    node = tree.args["tables"][0] if isinstance(tree, exp.Drop) else tree.this
    while not isinstance(node, exp.Table):
        node = node.this
    return node


def _kind(tree: exp.Expr, tokens: list[Token]) -> Kind | None:
    if isinstance(tree, exp.Create):
        words = " ".join(token.text.upper() for token in tokens[:6])
        if tree.kind == "TABLE" and tree.args.get("exists") and tree.expression is None:
            return Kind.TABLE
        if tree.kind == "VIEW" and tree.args.get("replace") and not tree.find(exp.MaterializedProperty):
            return Kind.VIEW
        if tree.kind == "FUNCTION" and tree.args.get("replace"):
            return Kind.TABLE_FUNCTION if words.startswith("CREATE OR REPLACE TABLE FUNCTION") else Kind.FUNCTION
    if isinstance(tree, exp.Alter) and all(isinstance(action, exp.ColumnDef) for action in tree.args["actions"]):
        return Kind.COLUMN if all(action.args.get("exists") for action in tree.args["actions"]) else None
    if (
        isinstance(tree, exp.Drop)
        and tree.kind == "TABLE"
        and tree.args.get("exists")
        and len(tree.args["tables"]) == 1
    ):
        return Kind.DROPPED
    return None


def _body(tree: exp.Expr) -> tuple[exp.Expr, ...]:
    inner = tree.expression if isinstance(tree, exp.Create) else None
    while isinstance(inner, exp.Paren | exp.Subquery):
        inner = inner.this
    return () if inner is None else (inner,)


def _parameters(tree: exp.Expr) -> Mapping[str, exp.DataType]:
    if not isinstance(tree.this, exp.UserDefinedFunction):
        return {}
    return {given.name: given.args["kind"] for given in tree.this.expressions}


def _is_procedure(tokens: list[Token]) -> bool:
    return "PROCEDURE" in [token.text.upper() for token in tokens[:4]]


def _procedure(file: File, sql: str, tokens: list[Token]) -> Definition:
    """A procedure: sqlglot parses no frame of one, so the head is read as a function's, statements by themselves."""
    texts = [token.text.upper() for token in tokens]
    try:
        begin = texts.index("BEGIN")
        end = len(texts) - 1 - texts[::-1].index("END")
        head = sql[: tokens[begin].start].replace("PROCEDURE", "FUNCTION", 1) + " AS (1)"
        (tree,) = statements(head)
        inside = sql[tokens[begin].end + 1 : tokens[end].start]
        body = statements("\n" * (tokens[begin].line - 1) + inside)
    except ValueError:
        raise wrong(
            file, tokens[0].line, "has no BEGIN … END", fix="write CREATE OR REPLACE PROCEDURE … BEGIN … END"
        ) from None
    except (ParseError, TokenError) as error:
        raise _broken(file, error) from None
    if any(token.token_type is not TokenType.SEMICOLON for token in tokens[end + 1 :]) or not tree.args.get("replace"):
        raise wrong(
            file, tokens[-1].line, "holds more than CREATE OR REPLACE PROCEDURE", fix="keep that statement alone"
        )
    target = _target(tree)
    _check_written_whole(file, target)
    return Definition(file, sql, Kind.PROCEDURE, full_name(target), tree, body, _parameters(tree))


def _check_written_whole(file: File, target: exp.Table) -> None:
    if len(target.parts) != 3:  # noqa: PLR2004 # project, dataset, object
        raise wrong(
            file,
            line_of(target),
            f"{full_name(target)} is no full name",
            allowed="a dataset's place and the object's name",
            fix=f"write `${{analytics}}.{target.name}`",
        )


def _broken(file: File, error: ParseError | TokenError) -> SchemaError:
    details: Mapping[str, Any] = next(iter(getattr(error, "errors", [])), {})
    reason = str(details.get("description") or error).splitlines()[0]
    return wrong(file, details.get("line"), f"is no SQL of BigQuery: {reason}")


def sources(tree: exp.Expr) -> Iterator[exp.Table]:
    """The tables, views and functions that a statement reads or writes, its own common tables left out."""
    for table in tree.find_all(exp.Table):
        if not _is_common(table):
            yield table


def _is_common(table: exp.Table) -> bool:
    if len(table.parts) > 1 or isinstance(table.this, exp.Func):
        return False
    node: exp.Expr | None = table
    while node is not None:
        with_ = node.args.get("with_")
        if with_ is not None and table.name in {common.alias for common in with_.expressions}:
            return True
        node = node.parent
    return False
