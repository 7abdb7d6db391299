"""Jobs and services of Cloud Run: their image is encrypted with our key, and nothing that they are told is a secret."""

import re
from collections.abc import Iterator

from policies.kit import Case, Node, Resource, Severity, must_be_set, rule
from policies.kit.jobs import RUNS, containers, task_of
from policies.kit.types import RUN_SERVICE
from policies.kit.values import Secret
from policies.kit.waiting import about_each

_KEY = "projects/p/locations/asia-northeast1/keyRings/r/cryptoKeys/k"


def _task(**inputs: object) -> Case:
    return Case({"template": {"template": inputs}})


def _serving(**inputs: object) -> Case:
    return Case({"template": inputs}, RUN_SERVICE)


@rule(
    "run-cmek",
    title="The image of a job or a service is encrypted with a key of ours",
    severity=Severity.MEDIUM,
    types=RUNS,
    sources=["NIST 800-53: SC-28", "NIST 800-53: SC-12"],
    reason="Cloud Run keeps a copy of the image; with a key of ours it can be made unreadable, and never runs",
    fix="set encryptionKey of its template to a key of this stack",
    good=[_task(encryptionKey=_KEY), _serving(encryptionKey=_KEY)],
    bad=[_task(), Case({}), _serving()],
)
def cmek(run: Resource) -> Iterator[str]:
    yield from must_be_set(run, f"{task_of(run)}.encryptionKey")


_SECRET_NAME = re.compile(r"password|passphrase|passwd|secret|token|credential|api_?key|private_?key", re.IGNORECASE)
_SECRET_VALUE = re.compile(
    r"://[^\s/:@]+:[^\s/@]+@|password=|-----BEGIN [A-Z ]*PRIVATE KEY|mongodb(?:\+srv)?://[^\s/@]+@", re.IGNORECASE
)
_REFERENCE = {"valueSource": {"secretKeyRef": {"secret": "connection", "version": "latest"}}}


def _told(*variables: dict[str, object], **container: object) -> Case:
    return _task(containers=[{"envs": list(variables), **container}])


@rule(
    "run-no-secret",
    title="What a job or a service is told holds no secret: it comes from Secret Manager",
    severity=Severity.CRITICAL,
    types=RUNS,
    sources=["NIST 800-53: IA-5", "NIST 800-53: SC-28", "NIST policy pack: hardcoded-secrets"],
    reason="whoever may look at it in the console reads its variables and arguments, and logs repeat them",
    fix="name a secret of Secret Manager in valueSource.secretKeyRef",
    good=[
        _told({"name": "API_KEY", **_REFERENCE}, {"name": "ENDPOINT", "value": "https://search.example:443"}),
        _told(args=["apply", "postgres", "--env", "prod"]),
        _serving(containers=[{"envs": [{"name": "REDIS_AUTH", **_REFERENCE}]}]),
    ],
    bad=[
        _serving(containers=[{"envs": [{"name": "REDIS_PASSWORD", "value": "hunter2"}]}]),
        _told({"name": "API_KEY", "value": "aHVudGVyMg=="}),
        _told({"name": "PGPASSWORD", "value": "hunter2"}),
        _told({"name": "CONNECTION", "value": "postgresql://a:hunter2@db:5432/triptrip"}),
        _told({"name": "CONNECTION", "value": "host=db password=hunter2"}),
        _told({"name": "CONNECTION", "value": Secret("nothing that looks like one")}),
        _told(args=["--url", "postgresql://a:hunter2@db:5432/triptrip"]),
        _told(commands=["psql", "host=db password=hunter2"]),
    ],
)
def no_secret(run: Resource) -> Iterator[str]:
    def variable(told: Node) -> Iterator[str]:
        if not told.has("value"):
            return
        name = told.text("name")
        if told.is_secret("value") or _SECRET_NAME.search(name) or _SECRET_VALUE.search(told.text("value")):
            yield f"{told.where}: {name or 'a variable'} holds a secret"

    def container(each: Node) -> Iterator[str]:
        yield from about_each(each.nodes("envs"), variable)
        for path in ("args", "commands"):
            if each.is_secret(path) or any(map(_SECRET_VALUE.search, each.texts(path))):
                yield f"{each.where}.{path} holds a secret"

    yield from about_each(containers(run), container)
