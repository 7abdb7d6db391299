"""The image of the exporters holds what is tested here, and everything that the machines start of it."""

import re
from pathlib import Path

from infra.catalog.exporter_rows import exporters
from infra.derive.pooler_units import USER_ID
from sandbox.servers.groups import debian_lock, groups

DOCKERFILE = (Path(__file__).resolve().parents[4] / "services/exporters/Dockerfile").read_text(encoding="utf-8")


def test_its_versions_are_those_that_were_tested() -> None:
    lock = debian_lock("exporters")
    given = {name.lower(): version for name, version in re.findall(r"^ARG (\w+)=(\S+)$", DOCKERFILE, re.MULTILINE)}
    assert given.keys() == {"elasticsearch", "pgbouncer", "postgres", "redis"}
    for name, version in given.items():
        path = lock.packages[f"prometheus-{name}-exporter"].path
        assert f"_{version.partition(':')[2] or version}".removesuffix("*") in path, path


def test_every_program_that_a_machine_starts_is_in_it_and_among_the_tested() -> None:
    started = {row.program for row in exporters().values()}
    assert started == groups()["exporters"].programs.keys()
    assert {name for name in started if name != "socat"} == set(re.findall(r"/usr/bin/(prometheus-\S+)", DOCKERFILE))


def test_it_runs_as_the_user_that_the_machines_name_from_a_base_that_is_given() -> None:
    assert f"USER {USER_ID}:{USER_ID}" in DOCKERFILE
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == ["${BASE}", "${BASE}"]
