"""The routers that ours is compared with start, and read from every standby, so that the comparison can be repeated."""

import pytest

from sandbox.servers.install import Installed
from sandbox.servers.routers.comparison import Candidate, prepares, wait_for_both
from sandbox.servers.routers.haproxy import haproxy
from sandbox.servers.routers.pgpool import pgpool
from sandbox.servers.tier import Programs, Tier
from sandbox.servers.workload import make_table
from sandbox.servers.workspace import Workspace
from tests.integration.conftest import group
from tests.integration.tiers import postgres_plan_of


@pytest.fixture(scope="module")
def tier(module_workspace: Workspace, postgres_programs: Installed, pgbouncer_programs: Installed) -> Tier:
    programs = Programs(postgres_programs, pgbouncer_programs)
    made = Tier(module_workspace, programs, postgres_plan_of("prod"), {"shared_buffers": "16MB"})
    made.start()
    make_table(made)
    return made


def test_haproxy_and_pgpool_read_from_both_standbys(tier: Tier) -> None:
    for name, opened in (("HAProxy", haproxy(tier, group("haproxy"))), ("pgpool", pgpool(tier, group("pgpool")))):
        with opened as server:
            candidate = Candidate(name, tier, server.way)
            wait_for_both(candidate)
            assert prepares(candidate)
