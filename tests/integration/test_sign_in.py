"""Who may pass the pooler, and how: SCRAM looked up on the server, TLS that clients can verify (COR-18)."""

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from infra.settings.postgres import POOLER
from sandbox.servers.install import Installed
from sandbox.servers.template import SUPERUSER
from sandbox.servers.tier import Programs, Tier
from sandbox.servers.workspace import Workspace
from tests.integration.tiers import postgres_plan_of


@pytest.fixture(scope="module")
def tier(module_workspace: Workspace, postgres_programs: Installed, pgbouncer_programs: Installed) -> Tier:
    programs = Programs(postgres_programs, pgbouncer_programs)
    made = Tier(module_workspace, programs, postgres_plan_of("prod"), {"shared_buffers": "16MB"})
    made.start()
    return made


@pytest.mark.parametrize("endpoint", ["write", "read"])
def test_both_sides_are_encrypted(tier: Tier, endpoint: str) -> None:
    with tier.connect(endpoint) as connection:
        assert connection.pgconn.ssl_in_use
        row = connection.execute("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
    assert row == (True, "TLSv1.3")


@pytest.mark.parametrize("user", [SUPERUSER, POOLER, "nobody-knows"])
def test_only_pooled_users_pass_to_the_database(tier: Tier, user: str) -> None:
    """The pooler's own user is in PgBouncer's list, with a password that no client has."""
    dsn = make_conninfo(tier.dsn(user=user), password="guessed")  # noqa: S106
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn)


def test_an_administrator_does_not_pass_with_the_right_password(tier: Tier) -> None:
    with tier.cluster.primary.connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match="no such user"):
        psycopg.connect(tier.dsn(user=SUPERUSER))


def test_a_wrong_password_is_refused(tier: Tier) -> None:
    with pytest.raises(psycopg.OperationalError, match="SASL authentication failed"):
        psycopg.connect(make_conninfo(tier.dsn(), password="wrong"))  # noqa: S106


def test_a_connection_without_tls_is_refused(tier: Tier) -> None:
    with pytest.raises(psycopg.OperationalError, match="SSL required"):
        psycopg.connect(make_conninfo(tier.dsn(), sslmode="disable"))


def test_a_certificate_of_another_name_is_refused(tier: Tier) -> None:
    with pytest.raises(psycopg.OperationalError, match="server certificate"):
        psycopg.connect(make_conninfo(tier.dsn(), host="pg-write.elsewhere.internal"))


def test_a_changed_password_holds_at_once(tier: Tier) -> None:
    """A rotation needs no restart of the pooler: it looks the secret up."""
    user = tier.users[0]
    with tier.cluster.primary.connect() as connection:
        connection.execute(f"ALTER ROLE {user} PASSWORD 'another'")
    try:
        with psycopg.connect(make_conninfo(tier.dsn(), password="another")) as changed:  # noqa: S106
            assert changed.execute("SELECT 1").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(tier.dsn())
    finally:
        with tier.cluster.primary.connect() as connection:
            connection.execute(f"ALTER ROLE {user} PASSWORD '{tier.workspace.password}'")
