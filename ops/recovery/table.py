"""REC-TABLE: one table back, out of a temporary instance, beside the live one first."""

from typing import Any

from ops.recovery import copies, marks, sources
from ops.recovery.errors import RefusedError
from ops.recovery.postgres import compare, extract, merge
from ops.recovery.postgres.compare import Pair
from ops.recovery.postgres.databases import Connection
from ops.recovery.postgres.table import Table, fingerprint, read, split
from ops.recovery.steps import Procedure, Run, Step


def _source(run: Run) -> dict[str, Any]:
    has_moment = run.option("moment") or run.option("last_good")
    found = sources.moment(run) if has_moment else sources.newest_backup(run)
    return {**found, "schema": marks.schema_name(run.journal.run)}


def _copy(run: Run) -> dict[str, Any]:
    made = copies.make(run, run.value("live"), lambda name: sources.begin_copy(run, name))
    copies.unguard(run, made["copy"])
    return made


def _table_of(connection: Connection, run: Run, where: str) -> Table:
    schema, name = split(run.option("table"))
    table = read(connection, schema, name)
    if table is None:
        fix = "check the name, or take a moment at which it was there"
        raise RefusedError(f"table {schema}.{name}", f"is not in {where}", fix=fix)
    return table


def _extract(run: Run) -> dict[str, Any]:
    instance, access = copies.found(run, run.value("copy")), copies.databases(run)
    with access.connected(instance) as connection:
        table = _table_of(connection, run, f"{instance.name}, the copy")
        print_of = extract.lay_flat(connection, table, run.value("schema"))
        references = extract.references(connection, table)
        over = extract.views(connection, table)
    folder = run.folder / run.journal.run
    extract.dump(access.environment(instance), table, over, run.value("schema"), folder, copies.release_of(run))
    run.reporter.say(f"  {print_of['rows']} rows of {table}")
    return {"fingerprint": print_of, "references": references, "views": over}


def _load(run: Run) -> dict[str, Any]:
    instance, access = copies.found(run, run.value("live")), copies.databases(run)
    schema, name = split(run.option("table"))
    folder = run.folder / run.journal.run
    with access.connected(instance) as connection:
        was_lost = read(connection, schema, name) is None
        environment, release = access.environment(instance), copies.release_of(run)
        table = Table(schema, name, {}, ())
        extract.lay_beside(connection, environment, run.value("schema"), table, folder, release)
    return {"was_lost": bool(run.journal.values.get("was_lost", was_lost))}


def _pair(connection: Connection, run: Run) -> Pair | None:
    """The live table and the recovered rows; None where the live table is lost."""
    schema, name = split(run.option("table"))
    live, recovered = read(connection, schema, name), read(connection, run.value("schema"), name)
    if recovered is None:
        raise RefusedError(f"schema {run.value('schema')}", f"has no {name}", fix="begin a new run")
    return None if live is None else Pair(live, recovered)


def _validate(run: Run) -> dict[str, Any]:
    with copies.databases(run).connected(copies.found(run, run.value("live"))) as connection:
        _, name = split(run.option("table"))
        recovered = read(connection, run.value("schema"), name)
        if recovered is None or fingerprint(connection, recovered) != run.value("fingerprint"):
            fix = "drop that schema and begin a new run"
            raise RefusedError(f"table {run.value('schema')}.{name}", "is not what the copy held", fix=fix)
        pair = _pair(connection, run)
        if pair is None:
            run.reporter.say("  the live table is lost: it is made again as it was, with the recovered rows")
            return {}
        compare.check_shape(pair)
        merge.check_rule(pair, _rule(run))
        found = compare.compare(connection, pair)
        run.reporter.say(
            f"  only recovered: {found.missing} rows; different: {found.different}; only live: {found.extra}"
        )
        if broken := compare.broken_rules(connection, pair):
            raise RefusedError(
                f"table {pair.live}",
                "; ".join(broken),
                fix="recover the tables that these rows point to first; nothing was merged, the rows stay beside",
            )
    return {"missing": found.missing, "different": found.different, "extra": found.extra}


def _rule(run: Run) -> merge.Rule:
    return merge.Rule(run.option("rule") or merge.Rule.MISSING)


def _question(run: Run) -> str:
    values = run.journal.values
    if "missing" not in values:
        return f"Make {run.option('table')} again in {run.value('live')}, with {values['fingerprint']['rows']} rows?"
    return (
        f"Merge into {run.option('table')} of {run.value('live')} by rule {_rule(run)} "
        f"({merge.MEANING[_rule(run)]})? {values['missing']} rows come back, {values['different']} differ, "
        f"{values['extra']} are only live. What is overwritten is kept in {run.value('schema')}."
    )


def _merge(run: Run) -> dict[str, Any]:
    instance, access = copies.found(run, run.value("live")), copies.databases(run)
    schema, name = split(run.option("table"))
    with access.connected(instance) as connection:
        if _pair(connection, run) is None:
            environment, release = access.environment(instance), copies.release_of(run)
            folder = run.folder / run.journal.run
            extract.define_again(connection, environment, Table(schema, name, {}, ()), folder, release)
        pair = _pair(connection, run)
        if pair is None:
            raise RefusedError(f"table {schema}.{name}", "was not made again", fix="run the command again")
        done = merge.merge(connection, pair, _rule(run), run.option("changed_column"), run.option("changed_since"))
        findings = extract.reconnect(connection, run.value("references"))
        extract.fill_views(connection, run.value("views"))
    run.reporter.say(f"  {done['inserted']} rows inserted, {done['updated']} set back, {done['deleted']} deleted")
    for finding in findings:
        run.reporter.say(f"  to mend by hand: {finding}")
    return {"merged": done, "findings": findings}


def _clean(run: Run) -> dict[str, Any]:
    copies.remove(run, run.value("copy"))
    folder = run.folder / run.journal.run
    for file in ("rows.dump", "definition.dump"):
        (folder / file).unlink(missing_ok=True)
    run.reporter.say(f"  kept until somebody drops it: DROP SCHEMA {run.value('schema')} CASCADE")
    return {}


RESTORE_TABLE = Procedure(
    name="restore table",
    summary="One table back, or some of its rows.",
    requirement="REC-TABLE",
    promise="30 minutes to 2 hours",
    steps=(
        Step(
            "source",
            "find the source",
            "the moment of --before or --last-good within the kept logs, else the newest backup that succeeded",
            _source,
        ),
        Step(
            "copy",
            "make a temporary instance",
            "a clone at that moment, or that backup in a new instance; its name carries the run's mark, the deletion "
            "guard that it begins with is taken off it alone",
            _copy,
        ),
        Step(
            "extract",
            "extract the table",
            "in the temporary instance the table is laid flat into schema recovered_<run>, then pg_dump writes its "
            "rows and, apart, its definition",
            _extract,
        ),
        Step(
            "load",
            "load beside the live table",
            "pg_restore in one transaction into schema recovered_<run> of the live database; no live table is touched",
            _load,
        ),
        Step(
            "validate",
            "validate",
            "row count and a checksum of every column against the temporary instance; checks and foreign keys of the "
            "live table; what a merge would change",
            _validate,
        ),
        Step(
            "merge",
            "merge by the chosen rule",
            "one transaction, writers wait; live rows that are overwritten are kept in "
            "recovered_<run>.<table>_before; a table that is lost is made again with its indexes, rights, views "
            "and the foreign keys that pointed to it",
            _merge,
            asks=_question,
        ),
        Step(
            "clean",
            "clean up",
            "the temporary instance is deleted after its mark, the stack's instances and the names in DNS were "
            "checked; schema recovered_<run> stays",
            _clean,
        ),
    ),
)
