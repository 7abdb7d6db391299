"""The figures themselves: each function measures one thing and yields its rows."""

import json
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

from sandbox.bench.figure import Figure
from sandbox.bench.timing import RUNS, Project, timed
from sandbox.cloud.__main__ import TROUBLE
from sandbox.cloud.catalogue import durations
from sandbox.cloud.expressions import short_type
from sandbox.engine.launcher import ROOT, cloud_command
from sandbox.plan import PlannedResource, plan_stack
from sandbox.plan.chain import longest_chain
from sandbox.plan.render import as_json

STACK = "prod"
COPIES = (1, 5, 20)
CHAIN_SECONDS = 300.0
"""How long the scaled critical path shall take: long enough for what is not scaled to be small beside it, which is the
engine's start and a state that is written whole after each of some 250 steps."""

_PROJECTS = Path(__file__).parent / "projects"
_TOUCHED = (
    "gcp.compute.Network, gcp.dns.RecordSet, gcp.kms.KeyRing, gcp.projects.Service, gcp.secretmanager.Secret, "
    "gcp.serviceaccount.Account, gcp.servicenetworking.Connection, gcp.sql.User"
)
"""The SDK loads a module when one of its names is first used."""


def against_the_floor(folder: Path) -> Iterator[Figure]:
    """Preview and no-op update of prod against the same number of empty resources in the same engine."""
    platform = Project(ROOT, folder / "platform", cloud_command(folder / "platform"))
    platform.run("up", "--yes", "--skip-preview", "--stack", STACK)
    count = len(plan_stack(STACK).resources)
    floor = Project(
        _PROJECTS / "floor",
        folder / "floor",
        [sys.executable, "-P", "-m", "sandbox.bench.echo"],
        {"BENCH_RESOURCES": str(count)},
    )
    floor.run("up", "--yes", "--skip-preview", "--stack", "floor")
    yield Figure("resources", count, "", "components and provider included")
    for name, words in (("preview", ["preview"]), ("no-op up", ["up", "--yes", "--skip-preview"])):
        # In turns, so that a busy moment of the machine meets both.
        pairs = [(platform.run(*words, "--stack", STACK), floor.run(*words, "--stack", "floor")) for _ in range(RUNS)]
        ours, least = (statistics.median(side) for side in zip(*pairs, strict=True))
        yield Figure(f"{name}, {STACK}", ours, "s")
        yield Figure(f"{name}, floor", least, "s")
        yield Figure(f"{name}, ratio", ours / least, "", "target ≤ 1.5")


def policies(folder: Path) -> Iterator[Figure]:
    """What the policy packs add to a preview of prod that is deployed: all of them in one process, and one by one."""
    platform = Project(ROOT, folder / "policies", cloud_command(folder / "policies"))
    platform.run("up", "--yes", "--skip-preview", "--stack", STACK)
    words = ("preview", "--stack", STACK)
    one = _packs("all")
    four = _packs("backup", "encryption", "exposure", "resilience")
    runs = [(platform.run(*words), platform.run(*words, *one), platform.run(*words, *four)) for _ in range(RUNS)]
    plain, together, apart = (statistics.median(side) for side in zip(*runs, strict=True))
    yield Figure("preview without policies", plain, "s")
    yield Figure("preview with policies/all", together, "s")
    yield Figure("policies/all, share of a preview added", together / plain - 1, "", "target ≤ 0.25")
    yield Figure("the four packs each in a process, share added", apart / plain - 1, "", "why policies/all exists")


def _packs(*names: str) -> list[str]:
    folder = ROOT / "policies"
    levels = str(folder / "levels" / f"{STACK}.json")
    return [word for name in names for word in ("--policy-pack", str(folder / name), "--policy-pack-config", levels)]


def imports(folder: Path) -> Iterator[Figure]:
    """What loading the program costs, and what it would cost without byte code."""
    command = [
        sys.executable,
        "-c",
        f"import gc; gc.disable(); import infra.program; import pulumi_gcp as gcp; {_TOUCHED}",
    ]
    plain = statistics.median(timed(command, {}) for _ in range(RUNS))
    bare = timed(command, {"PYTHONPYCACHEPREFIX": str(folder / "no-byte-code"), "PYTHONDONTWRITEBYTECODE": "1"})
    yield Figure("import of the program and its SDK", plain, "s")
    yield Figure("the same without byte code", bare, "s", "what set-up saves by compiling once")


def growth(folder: Path) -> Iterator[Figure]:
    """A preview of the platform's resources once, 5 and 20 times in one stack."""
    plan = folder / "plan.json"
    plan.write_text(as_json(plan_stack(STACK)), encoding="utf-8")
    seconds: list[float] = []
    for copies in COPIES:
        place = folder / f"replay-{copies}"
        variables = {"BENCH_PLAN": str(plan), "BENCH_COPIES": str(copies)}
        project = Project(_PROJECTS / "replay", place, cloud_command(place), variables)
        seconds.append(project.median("preview", "--stack", "replay", runs=3))
        yield Figure(f"preview of {copies} x the platform", seconds[-1], "s")
    # Linear growth keeps the seconds of each further copy the same.
    steps = [
        (later - earlier) / (many - few)
        for earlier, later, few, many in zip(seconds, seconds[1:], COPIES, COPIES[1:], strict=False)
    ]
    yield Figure("growth, cost of a late copy over an early one", steps[-1] / steps[0], "", "target: linear, about 1")


def critical_path(folder: Path) -> Iterator[Figure]:
    """A first update under the cloud's real durations, scaled down, against the longest chain of dependencies."""
    longest = longest_chain(plan_stack(STACK), _creation).length
    scale = CHAIN_SECONDS / longest
    place = folder / "critical-path"
    trouble = folder / "latency.json"
    trouble.write_text(json.dumps({"latency_scale": scale}), encoding="utf-8")
    project = Project(ROOT, place, cloud_command(place), {TROUBLE: str(trouble)})
    # The engine's default is four operations a core, which on two cores makes stores wait for each other.
    measured = project.run("up", "--yes", "--skip-preview", "--parallel", "64", "--stack", STACK)
    yield Figure("longest chain of an up", longest / 60, "min", "by sandbox/cloud/latency/")
    yield Figure("up under scaled latencies", measured, "s")
    yield Figure("up over its longest chain", measured / CHAIN_SECONDS, "", "target ≤ 1.05")


def _creation(resource: PlannedResource) -> float:
    """Seconds of the creation of one resource; a component takes none."""
    return float(durations().get(short_type(resource.type), {}).get("create", 0.0)) if resource.custom else 0.0
