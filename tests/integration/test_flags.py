"""The flags that the settings derive for Cloud SQL, and what its catalogue says of them, on a real PostgreSQL 16."""

from collections.abc import Iterator

import pytest

from infra import catalog
from sandbox.servers.cloudsql import SHARE_OF_MEMORY, fitted, is_same, machine_memory, translate, untranslated
from sandbox.servers.cluster import Cluster
from sandbox.servers.install import Installed
from sandbox.servers.postgres import PostgresServer
from sandbox.servers.process import ServerError
from sandbox.servers.workspace import Workspace
from tests.integration.instances import instances_on, tiers

MEMORY = machine_memory()
KINDS = {"integer": "integer", "float": "real", "switch": "bool", "choice": "enum", "text": "string"}
NOT_BUILT_IN = {"wal_compression": {"lz4", "zstd"}}
"""Choices that PostgreSQL has only where it was built with a library, which ours was not."""

TRANSLATED = [name for name in catalog.flags() if name not in untranslated()]
NEVER_LOWER = sorted(name for name, flag in catalog.flags().items() if flag.replica == "at_least_primary")


@pytest.fixture(scope="module")
def server(module_workspace: Workspace, postgres_programs: Installed) -> PostgresServer:
    """One server that is started again and again, each time with another instance's flags."""
    return PostgresServer(module_workspace, postgres_programs, "cloudsql")


def settings_of(server: PostgresServer) -> dict[str, dict[str, str]]:
    """The server's settings by name: setting, unit, context, vartype, enumvals, min_val, max_val, pending_restart."""
    with server.connect() as connection:
        rows = connection.execute("SELECT name, to_jsonb(pg_settings) FROM pg_settings")
        return {row[0]: row[1] for row in rows}


@pytest.mark.parametrize("tier", tiers())
def test_every_instance_starts_with_what_it_would_be_told(server: PostgresServer, tier: str) -> None:
    for instance in instances_on(tier):
        told = translate(instance.flags, MEMORY)
        server.configure(told.configuration)
        server.restart()
        shown = settings_of(server)
        wrong = {
            name: (expected, shown[name]["setting"])
            for name, expected in told.expected.items()
            if not is_same(catalog.flags()[name], expected, shown[name]["setting"])
        }
        assert not wrong, f"{instance.role} on {tier}: flag: (told, shown)"
        assert len(told.expected) + len(told.left_out) == len(instance.flags)
        assert told.scaled.keys() <= {"shared_buffers"}


@pytest.fixture(scope="module")
def shown(module_workspace: Workspace, postgres_programs: Installed) -> Iterator[dict[str, dict[str, str]]]:
    """The settings of a server with defaults."""
    server = PostgresServer(
        module_workspace, postgres_programs, "defaults", {"shared_preload_libraries": "pg_stat_statements"}
    )
    server.start()
    yield settings_of(server)
    server.stop()


@pytest.mark.parametrize("name", TRANSLATED)
def test_the_catalogue_says_of_a_flag_what_the_server_says(shown: dict[str, dict[str, str]], name: str) -> None:
    flag, real = catalog.flags()[name], shown[name]
    assert KINDS[flag.type] == real["vartype"]
    assert (flag.unit or "").replace(" ", "") == (real["unit"] or "")
    assert flag.restart == (real["context"] == "postmaster")
    assert set(flag.choices) - NOT_BUILT_IN.get(name, set()) <= set(real["enumvals"] or ())
    for bound in (flag.minimum, flag.maximum, *flag.special):
        if isinstance(bound, int | float):
            assert float(real["min_val"]) <= bound <= float(real["max_val"])


def test_what_is_not_translated_is_in_the_catalogue_and_unknown_to_the_server(
    shown: dict[str, dict[str, str]],
) -> None:
    assert untranslated().keys() <= catalog.flags().keys()
    assert not untranslated().keys() & shown.keys()


def test_only_what_is_allocated_at_the_start_is_lowered() -> None:
    buffers = catalog.flags()["shared_buffers"]
    assert fitted(buffers, "1000000", 8192 * SHARE_OF_MEMORY * 500) == "500"
    assert fitted(buffers, "400", 8192 * SHARE_OF_MEMORY * 500) == "400"
    assert fitted(catalog.flags()["effective_cache_size"], "1000000", 1) == "1000000"


def test_a_standby_refuses_less_than_its_primary(workspace: Workspace, postgres_programs: Installed) -> None:
    wanted = {name: str(int(catalog.flags()[name].minimum or 0) + 10) for name in NEVER_LOWER}
    cluster = Cluster(workspace, postgres_programs, 1, {"shared_buffers": "16MB", **wanted})
    cluster.start()
    (standby,) = cluster.standbys
    equal = dict(standby.configuration)
    for name in NEVER_LOWER:
        standby.stop()
        standby.configure({**equal, name: str(int(wanted[name]) - 1)})
        with pytest.raises(ServerError, match="insufficient parameter settings"):
            standby.start()
        standby.configure(equal)
        standby.start()
