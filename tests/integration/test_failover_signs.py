"""What a replica hears of its primary, and what a new primary shows, on real servers (REC-REGION, COR-17)."""

import psycopg
import pytest

from ops.failover import signs, steps
from ops.failover.signs import Heard
from sandbox.servers.cluster import Cluster
from sandbox.servers.postgres import PostgresServer


def heard(server: PostgresServer) -> Heard:
    with server.connect() as connection:
        row = connection.execute(signs.HEARD).fetchone()
    assert row is not None
    return signs.read_heard(row)


def test_a_replica_tells_that_its_primary_is_gone_and_how_far_it_got(cluster: Cluster) -> None:
    cluster.start()
    standby = cluster.standbys[0]
    with cluster.primary.connect() as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    cluster.catch_up()
    before = heard(standby)
    assert before.is_streaming
    assert before.behind is not None
    assert signs.of_replica(lambda: before).verdict == "well"
    cluster.primary.kill()
    cluster.workspace.wait_for("the replica notices", lambda: not heard(standby).is_streaming, 30, standby.log)
    after = heard(standby)
    assert signs.of_replica(lambda: after).verdict == "lost"
    assert after.position != "nothing"


def test_a_new_primary_takes_writes_on_another_timeline_and_a_replica_none(cluster: Cluster) -> None:
    cluster.start()
    with cluster.standbys[0].connect() as connection, pytest.raises(psycopg.Error, match="recovery"):
        steps.seen_by(connection)
    with cluster.primary.connect() as connection:
        before = steps.seen_by(connection)
    cluster.primary.kill()
    with cluster.fail_over().connect() as connection:
        after = steps.seen_by(connection)
    assert after["timeline"] == before["timeline"] + 1
    assert after["users"] == before["users"]


def test_what_is_probed_is_a_server_that_is_there(cluster: Cluster) -> None:
    cluster.primary.start()
    endpoint = cluster.primary.endpoint
    assert signs.answers(endpoint.address, endpoint.port)
    cluster.primary.kill()
    assert not signs.answers(endpoint.address, endpoint.port, tries=1)
