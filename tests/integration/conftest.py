"""Fixtures that bring real servers, their logs beside a failure, and what could not be installed at the end of a run.

A group that cannot be installed skips its tests with the reason; with CI=true or TRIPTRIP_REQUIRE_SERVERS=1 it fails
them.
"""

import os
import re
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.servers.cluster import Cluster
from sandbox.servers.install import Installed, InstallError, install
from sandbox.servers.limits import LimitError
from sandbox.servers.postgres import PostgresServer
from sandbox.servers.process import tail
from sandbox.servers.workspace import Workspace

KEPT_LOGS = Path(__file__).resolve().parents[2] / ".sandbox" / "servers" / "logs"
_PROPERTY = "cannot be run here"
_failed: dict[str, InstallError] = {}
"""Groups that this process tried in vain: a second try would only take its time again."""


def servers_are_required() -> bool:
    """Whether a test without its servers is a failure."""
    return os.environ.get("CI") == "true" or os.environ.get("TRIPTRIP_REQUIRE_SERVERS") == "1"


def group(name: str) -> Installed:
    """A group of servers, installed; raises InstallError, at once when it has failed before."""
    if name in _failed:
        raise _failed[name]
    try:
        return install(name)
    except InstallError as error:
        _failed[name] = error
        raise


@pytest.fixture(scope="session")
def postgres_programs() -> Installed:
    return group("postgres")


@pytest.fixture(scope="session")
def pgbouncer_programs() -> Installed:
    return group("pgbouncer")


@pytest.fixture(scope="session")
def browser_programs() -> Installed:
    return group("browser")


@pytest.fixture(scope="session")
def promtool() -> Installed:
    return group("prometheus")


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    """A workspace of the test's own."""
    with Workspace() as made:
        yield made


@pytest.fixture(scope="module")
def module_workspace() -> Iterator[Workspace]:
    """A workspace that the tests of a module share."""
    with Workspace() as made:
        yield made


@pytest.fixture
def postgres(workspace: Workspace, postgres_programs: Installed) -> PostgresServer:
    """A small server, not started."""
    return PostgresServer(workspace, postgres_programs, "postgres", {"shared_buffers": "16MB"})


@pytest.fixture
def cluster(workspace: Workspace, postgres_programs: Installed) -> Cluster:
    """A primary and two standbys, not started."""
    return Cluster(workspace, postgres_programs, 2, {"shared_buffers": "16MB"})


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a missing group into a skip where that is allowed, and keep the logs of a failure."""
    report = yield
    error = call.excinfo.value if call.excinfo else None
    if isinstance(error, InstallError | LimitError):
        report.user_properties.append((_PROPERTY, str(error)))
        if not servers_are_required():
            report.outcome = "skipped"
            report.longrepr = (str(item.path), (item.location[1] or 0) + 1, f"Skipped: {error}")
    elif report.failed:
        _keep_logs(item, report)
    return report


def _keep_logs(item: pytest.Item, report: pytest.TestReport) -> None:
    """Show the end of every log, and copy the logs whole, since their folder goes with the test."""
    kept = KEPT_LOGS / re.sub(r"[^\w.-]+", "-", item.nodeid)
    for workspace in Workspace.all_open():
        for name, log in workspace.logs.items():
            if log.exists() and log.stat().st_size:
                kept.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(log, kept / log.name)
                report.sections.append((f"log of {name}, whole in {kept / log.name}", tail(log)))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name every group that could not be had, and how many tests it cost."""
    reasons: dict[str, int] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for key, value in getattr(report, "user_properties", ()):
                if key == _PROPERTY:
                    reasons[str(value)] = reasons.get(str(value), 0) + 1
    if reasons:
        terminalreporter.section("servers that tests had to do without")
        for reason, count in sorted(reasons.items()):
            terminalreporter.write_line(f"{reason} ({count} test{'' if count == 1 else 's'})")
