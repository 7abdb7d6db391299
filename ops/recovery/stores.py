"""What the recoveries of the other stores share: environment, bucket of copies, steps whose errors are told as ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from google.cloud.storage import Client

from infra.derive.copies import bucket_name
from ops.recovery import moments, session
from ops.recovery.cloud.google import credentials_for, known_endpoints
from ops.recovery.errors import RecoveryError, RefusedError
from ops.recovery.steps import Procedure, Reporter, Run, Step, Values, Watcher, perform
from schema.kit import Environment, SchemaError, load_environment
from schema.kit.bucket import CloudBucket

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ops.recovery.check import Check
    from ops.recovery.journal import Journal


@dataclass(frozen=True)
class Place:
    """An environment as a run needs it; the names are those of `Declared`."""

    environment: str
    project: str
    region: str
    zone: str
    schema: Environment

    @property
    def is_production(self) -> bool:
        """Whether a person must name the environment first."""
        return self.environment == "prod"

    def bucket(self, key: str) -> str:
        """The name of a bucket of copies."""
        return bucket_name(self.schema.settings, key)

    def declared(self, found: Any, subject: str) -> Any:
        """What the stack declares of a subject; raises RecoveryError when that is nothing."""
        return told(lambda: self.schema.declared(found, subject))


def place_of(environment: str) -> Place:
    """What Pulumi.<environment>.yaml says; raises RecoveryError when there is none, or it is wrong."""
    found = told(lambda: load_environment(environment))
    project = found.settings.project
    return Place(environment, project.gcp_project, project.region, found.plan.network.dns_zone_name, found)


def copies(place: Place, key: str) -> CloudBucket:
    """A bucket of copies, by this machine's account, or on loopback by none."""
    where = known_endpoints().get("storage")
    options = {"api_endpoint": where} if where else {}
    client = Client(project=place.project, credentials=credentials_for(where), client_options=options)
    return CloudBucket(place.bucket(key), client)


def told(call: Callable[[], Any]) -> Any:
    """What a call returns; the schema's own error is told as a recovery's, which has the same parts."""
    try:
        return call()
    except SchemaError as error:
        raise _as_recovery(error) from error


def _as_recovery(error: SchemaError) -> RecoveryError:
    return RecoveryError(error.where, error.given, allowed=error.allowed, fix=error.fix)


@contextmanager
def opened(opener: Callable[[Place], AbstractContextManager[Any]], place: Place) -> Iterator[Any]:
    """A store's recovery; what its clients raise, now or while it is used, is told as a recovery's error."""
    try:
        with opener(place) as made:
            yield made
    except SchemaError as error:
        raise _as_recovery(error) from error


def step(
    name: str,
    title: str,
    detail: str,
    do: Callable[[Any, Run], Values | None],
    asks: Callable[[Any, Run], str] | None = None,
) -> Step:
    """A step of a recovery of a store, which is the run's way to everything.

    `do` and `asks` are its methods; errors of the schema's clients are told as a recovery's.
    """

    def work(run: Run) -> Values | None:
        found: Values | None = told(lambda: do(run.google, run))
        return found

    def question(run: Run) -> str:
        return str(told(lambda: asks(run.google, run))) if asks else ""

    return Step(name, title, detail, work, question if asks else None)


def passed(run: Run, what: str, checks: Sequence[Check], fix: str) -> Values:
    """Tell every check; raises RefusedError with those that failed, after all were made."""
    for check in checks:
        run.reporter.say(f"  {'holds' if check.passed else 'FAILS'}: {check.what}: {check.found}")
    rows = [{"check": check.what, "holds": check.passed, "found": check.found} for check in checks]
    run.journal.keep(checks=rows)
    if failed := [check for check in checks if not check.passed]:
        raise RefusedError(what, "; ".join(f"{check.what}: {check.found}" for check in failed), fix=fix)
    return {"checks": rows}


def run_procedure(  # noqa: PLR0913 # a command's options
    procedure: Procedure,
    place: Place,
    recovery: Any,
    options: Mapping[str, str],
    reporter: Reporter,
    *,
    run: str = "",
    is_new: bool = False,
    agreed: bool = False,
    watcher: Watcher | None = None,
) -> Run:
    """Begin a procedure, or go on with it; returns the run when every step is done.

    `recovery` is what its steps work with.
    """
    journal = session.begin(procedure, place.environment, options, reporter, run, is_new=is_new)
    # A run asks of `declared` only what a place has too.
    anything: Any = place
    made = Run(anything, journal, reporter, session.folder(), recovery, agreed)
    perform(procedure, made, watcher)
    return made


def seconds_lost(journal: Journal, moment: str) -> float:
    """RPO: from the copy's moment to the loss, which is taken to be the run's start."""
    return max(0.0, (journal.begun - moments.from_rfc3339(moment)).total_seconds())
