"""Partitions ahead and out of date, listings that are due, and the heartbeat."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from sandbox.servers.cluster import Cluster
from sandbox.servers.install import Installed
from sandbox.servers.workspace import Workspace
from services.pooler import probes
from services.pooler.probes import PrimaryProbe
from tests.integration.schema.databases import CONFIGURATION, NAME, Database, book, user
from tests.unit.services.pooler.examples import CONFIGURATION as CONFIGURATION_OF_ROUTER

COUNTED = "SELECT max(bookings_of_30_days) FROM hotel_listing"


def month(ahead: int) -> datetime:
    """The first moment of a month, so many from this one, in UTC as the partitions are cut."""
    months = datetime.now(UTC).year * 12 + datetime.now(UTC).month - 1 + ahead
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def partitions(connection: psycopg.Connection, table: str) -> set[str]:
    """The partitions of a table, as `<table>_p<year><month><day>`."""
    query = "SELECT partition_tablename FROM partman.show_partitions(%s)"
    return {name for (name,) in connection.execute(query, (f"public.{table}",))}


def named(table: str, ahead: int) -> str:
    return f"{table}_p{month(ahead):%Y%m%d}"


def drop_ahead(connection: psycopg.Connection, table: str, last: int) -> None:
    """Drop every partition after so many months from this one: the upkeep makes none before the last that is there."""
    for name in sorted(partitions(connection, table)):
        if name > named(table, last):
            connection.execute(f"DROP TABLE public.{name}".encode())


def test_rows_lie_in_the_partition_of_their_month_and_queries_look_nowhere_else(applied: Database) -> None:
    with applied.undone() as connection:
        book(connection, when=month(1))
        where = connection.execute("SELECT tableoid::regclass::text FROM bookings WHERE created_at = %s", (month(1),))
        assert where.fetchall() == [(named("bookings", 1),)]
        query = f"EXPLAIN SELECT FROM bookings WHERE created_at >= '{month(1)}' AND created_at < '{month(2)}'"
        plan = " ".join(line for (line,) in connection.execute(query.encode()))
    assert named("bookings", 1) in plan
    assert not [name for name in (named("bookings", 0), named("bookings", 2), "bookings_default") if name in plan]


def test_partitions_are_made_ahead_and_those_of_activities_go_after_two_years(applied: Database) -> None:
    tables = ("bookings", "orders", "order_items", "user_activities")
    with applied.connect() as connection:
        connection.execute("INSERT INTO users (display_name) VALUES ('a')")
        for ahead in (-30, -20):
            activity = "INSERT INTO user_activities (user_id, activity, occurred_at) SELECT id, 'old', %s FROM users"
            connection.execute(activity, (month(ahead),))
        connection.execute("SET ROLE triptrip_owner")
        connection.execute("CALL partman.partition_data_proc('public.user_activities')")
        # Those of orders cannot be dropped while lines of orders point at them.
        for table in ("bookings", "order_items", "user_activities"):
            drop_ahead(connection, table, 3)
        assert {named("user_activities", -30), named("user_activities", -20)} <= partitions(
            connection, "user_activities"
        )
    assert applied.run("maintain").returncode == 0
    with applied.connect() as connection:
        assert named("user_activities", -30) not in partitions(connection, "user_activities")
        assert named("user_activities", -20) in partitions(connection, "user_activities")
        for table in tables:
            assert {named(table, ahead) for ahead in range(5)} <= partitions(connection, table), table


def test_listings_are_refreshed_when_they_are_due_beside_their_readers(applied: Database) -> None:
    assert applied.run("maintain").returncode == 0
    with applied.connect() as connection, applied.connect("read") as reader:
        before = connection.execute(COUNTED).fetchone()
        book(connection, count=3)
        assert applied.run("maintain").returncode == 0
        assert connection.execute(COUNTED).fetchone() == before
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.execute(COUNTED)
        connection.execute("UPDATE operations.refreshes SET refreshed_at = now() - interval '5 minutes 1 second'")
        assert applied.run("maintain").returncode == 0
        assert connection.execute(COUNTED).fetchone() == (3,)
        assert reader.execute(COUNTED).fetchone() == before
        hourly = "SELECT refreshed_at < now() - interval '4 minutes' FROM operations.refreshes WHERE every = '1 hour'"
        assert connection.execute(hourly).fetchone() == (True,)


def test_a_refresh_that_fails_is_told_and_the_others_are_made(applied: Database) -> None:
    assert applied.run("maintain").returncode == 0
    with applied.connect() as connection:
        connection.execute("UPDATE operations.refreshes SET refreshed_at = now() - interval '1 day'")
        connection.execute("REFRESH MATERIALIZED VIEW product_listing WITH NO DATA")
        connection.execute("DROP INDEX public.hotel_listing_id_idx")
        failed = applied.run("maintain")
        late = "SELECT view_name FROM operations.refreshes WHERE refreshed_at < now() - interval '1 hour'"
        assert connection.execute(late).fetchall() == [("public.hotel_listing",)]
        connection.execute("SET ROLE triptrip_owner")
        connection.execute("CREATE UNIQUE INDEX hotel_listing_id_idx ON public.hotel_listing (id)")
        connection.execute("SELECT FROM product_listing")
        assert failed.returncode == 2
        assert failed.stderr.startswith("refresh of public.hotel_listing: cannot refresh materialized view")
        assert applied.run("maintain").returncode == 0
        assert connection.execute(late).fetchall() == []


def test_a_listing_is_due_at_the_tick_that_comes_a_moment_early(applied: Database) -> None:
    assert applied.run("maintain").returncode == 0
    recent = "SELECT refreshed_at > now() - interval '1 minute' FROM operations.refreshes WHERE view_name = %s"
    for ago, is_refreshed in (("4 minutes 20 seconds", False), ("4 minutes 40 seconds", True)):
        with applied.connect() as connection:
            query = "UPDATE operations.refreshes SET refreshed_at = now() - %s::interval WHERE every = '5 minutes'"
            connection.execute(query, (ago,))
            assert applied.run("maintain").returncode == 0
            assert connection.execute(recent, ("public.hotel_listing",)).fetchone() == (is_refreshed,), ago


def test_partitions_that_cannot_be_made_are_told_and_hold_up_nothing_else(applied: Database) -> None:
    ahead = named("bookings", 4)
    with applied.connect() as connection:
        connection.execute("SET ROLE triptrip_owner")
        for table in ("bookings", "order_items"):
            drop_ahead(connection, table, 3)
        book(connection, when=month(4))
        connection.execute("UPDATE operations.refreshes SET refreshed_at = NULL")
        failed = applied.run("maintain")
        assert failed.returncode == 2
        assert failed.stderr.startswith("partitions of public.bookings: ")
        assert len(failed.stderr.splitlines()) == 1
        assert named("order_items", 4) in partitions(connection, "order_items")
        assert connection.execute("SELECT FROM operations.refreshes WHERE refreshed_at IS NULL").fetchall() == []
        assert "bookings has rows in bookings_default" in applied.run("verify").stderr
        connection.execute("CALL partman.partition_data_proc('public.bookings')")
        assert ahead in partitions(connection, "bookings")
    assert applied.run("maintain").returncode == 0


def test_a_product_is_as_popular_as_what_was_paid_for(applied: Database) -> None:
    with applied.undone() as connection:
        made = connection.execute(
            "INSERT INTO products (slug, name_ja, name_en, category, price, stock, is_published)"
            " VALUES ('obi', '帯', 'Obi', 'craft', 9000, 5, true) RETURNING id"
        ).fetchone()
        assert made
        connection.execute("INSERT INTO users (display_name) VALUES ('a')")
        for status, quantity in (("pending", 1), ("paid", 2), ("shipped", 4), ("completed", 8), ("cancelled", 16)):
            connection.execute(
                "WITH made AS (INSERT INTO orders (user_id, status, total_price)"
                " SELECT id, %s, 1 FROM users LIMIT 1 RETURNING user_id, created_at, id)"
                " INSERT INTO order_items (user_id, order_created_at, order_id, line, product_id, quantity, unit_price)"
                " SELECT user_id, created_at, id, 1, %s, %s, 1 FROM made",
                (status, made[0], quantity),
            )
        connection.execute("REFRESH MATERIALIZED VIEW product_listing")
        sold = connection.execute("SELECT sold_in_30_days FROM product_listing WHERE id = %s", made).fetchone()
    assert sold == (14,)


def test_before_the_first_apply_there_is_nothing_to_keep_up(database: Database) -> None:
    refused = database.run("maintain")
    assert refused.returncode == 2
    assert refused.stderr.startswith("PostgreSQL: has no schema yet")


def test_an_upkeep_that_the_server_refuses_is_one_message(database: Database) -> None:
    database.apply()
    with database.connect() as connection:
        connection.execute("DROP PROCEDURE operations.maintain()")
    refused = database.run("maintain")
    assert refused.returncode == 2
    assert "operations.maintain() does not exist" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_two_runs_of_the_upkeep_at_once_do_no_harm(applied: Database) -> None:
    with applied.connect() as connection:
        for _ in range(3):
            connection.execute("UPDATE operations.refreshes SET refreshed_at = NULL")
            both = [applied.start("maintain") for _ in range(2)]
            told = [process.communicate(timeout=60)[1] for process in both]
            assert [process.returncode for process in both] == [0, 0], told


def test_the_heartbeat_tells_how_late_a_replica_is_when_the_primary_is_idle_too(
    workspace: Workspace, postgres_programs: Installed
) -> None:
    cluster = Cluster(workspace, postgres_programs, 1, CONFIGURATION)
    cluster.start()
    primary, standby = Database(cluster.primary), Database(cluster.standbys[0])
    primary.prepare()
    primary.apply()

    def beat() -> None:
        with primary.connect("pooler") as connection:
            connection.execute("SELECT operations.beat()")

    def delay() -> timedelta:
        with standby.connect("pooler") as connection:
            ((value,),) = connection.execute("SELECT operations.replay_delay()").fetchall()
        assert isinstance(value, timedelta)
        return value

    def follows() -> bool:
        beat()
        return delay() < timedelta(seconds=1)

    workspace.wait_for("the standby follows the heart", follows, 30)
    standby.server.pause_replay()
    first = delay()
    for _ in range(3):
        time.sleep(0.4)
        beat()
    assert delay() - first > timedelta(seconds=1)
    standby.server.resume_replay()
    workspace.wait_for("the standby catches up", follows, 30)


def test_the_read_router_lets_the_heart_beat_and_does_not_need_it(
    applied: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = tmp_path / "password"
    password.write_text(applied.server.workspace.password)
    monkeypatch.setattr(
        probes,
        "_conninfo",
        lambda *_: f"host={applied.server.address} port={applied.server.port} dbname={NAME} user={user('pooler')}",
    )
    monkeypatch.setattr(probes, "_BEAT_AGAIN_SECONDS", 0.1)
    signing = CONFIGURATION_OF_ROUTER.signing.model_copy(update={"password_file": password})
    probe = PrimaryProbe(CONFIGURATION_OF_ROUTER.model_copy(update={"signing": signing}), "primary", 0.05)

    def last_beat() -> datetime:
        with applied.connect("report") as connection:
            ((beat_at,),) = connection.execute("SELECT beat_at FROM operations.heartbeat").fetchall()
        assert isinstance(beat_at, datetime)
        return beat_at

    wait_for, first = applied.server.workspace.wait_for, last_beat()
    probe.start()
    try:
        wait_for("the heart beats", lambda: last_beat() > first, 20)
        assert probe.heart_fault == ""
        with applied.connect() as connection:
            connection.execute("REVOKE EXECUTE ON FUNCTION operations.beat() FROM triptrip_pooler")
        wait_for("the router says so", lambda: "permission denied" in probe.heart_fault, 20)
        assert probe.answer.sample is not None
        second = last_beat()
        with applied.connect() as connection:
            connection.execute("GRANT EXECUTE ON FUNCTION operations.beat() TO triptrip_pooler")
        wait_for("the heart beats again", lambda: last_beat() > second and not probe.heart_fault, 20)
    finally:
        probe.stop()
        probe.join()
