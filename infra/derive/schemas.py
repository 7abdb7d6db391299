"""The schema step as it will be declared: a job a store, what each is told, and what its network lets it reach."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network

from infra.derive import cache
from infra.derive import postgres_ports as ports
from infra.derive.copies import BACKUPS, bucket_name
from infra.derive.elasticsearch import elasticsearch_plan, key_holders
from infra.derive.images import RepositoryPlan, repository_of
from infra.derive.names import Names
from infra.derive.pooler import SERVER_CERTIFICATES_SECRET
from infra.derive.postgres_entrance import CERTIFICATE_PATH
from infra.derive.schedule import daily, every
from infra.settings import Settings
from infra.settings.schemas import SchemasSettings

TAG = "schema-job"
"""The network tag that the firewall knows every job by; each store's jobs have one of their own beside it."""

LATEST = "latest"
EVERY_JOB = "google"
"""The way out that every job needs: tokens and APIs of Google."""

_ANYWHERE = IPv4Network("0.0.0.0/0")
_TLS = ("443",)

_ATLAS_PORTS = ("1024-65535",)
"""Behind one address each node has a port of its own (Atlas, port-mapped private endpoints; recalled 2026-11-25)."""


@dataclass(frozen=True)
class SecretPlan:
    """A secret by its key, without the names' prefix, and the version that a job reads."""

    key: str
    version: str = LATEST


@dataclass(frozen=True)
class JobPlan:
    """One job of a store: the arguments of its command, its environment variables, and the files it finds, by path.

    `bucket_key` is the bucket of copies that it writes to, by its key; None for most.
    """

    key: str
    store: str
    name: str
    arguments: tuple[str, ...]
    values: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, SecretPlan] = field(default_factory=dict)
    files: Mapping[str, SecretPlan] = field(default_factory=dict)
    bucket_key: str | None = None

    @property
    def tags(self) -> tuple[str, ...]:
        """The network tags by which the firewall lets the job out to its own store."""
        return (TAG, _tag(self.store))

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Every secret that the job reads."""
        return tuple(each.key for each in (*self.secrets.values(), *self.files.values()))


@dataclass(frozen=True)
class ScheduledJobPlan:
    """A job that a schedule starts (cron, UTC), what for, and the account that may start it and nothing else.

    `is_frequent`: a start that fails is made up for by the next one.
    """

    key: str
    job: JobPlan
    schedule: str
    account_id: str
    title: str
    description: str
    is_frequent: bool


@dataclass(frozen=True)
class EgressPlan:
    """A way out for the jobs: to one store, or to what all of them need; no ports where only the store tells them."""

    store: str
    description: str
    ranges: tuple[IPv4Network, ...]
    ports: tuple[str, ...]

    @property
    def tag(self) -> str:
        """The network tag of the jobs that are let out by it."""
        return TAG if self.store == EVERY_JOB else _tag(self.store)


@dataclass(frozen=True)
class SchemasPlan:
    """The whole step; `jobs` in the order of a deployment, `api_keys` programs with the keys of their secrets.

    Elasticsearch gives every program a key of its own: the schema step makes it and keeps it in that secret.
    """

    region: str
    image: str
    repository: RepositoryPlan
    program: str
    timeout: str
    cpu: str
    memory: str
    jobs: tuple[JobPlan, ...]
    scheduled: tuple[ScheduledJobPlan, ...]
    keeps_own_api_key: bool
    api_keys: Mapping[str, str]
    egress: tuple[EgressPlan, ...]


def schemas_plan(schemas: SchemasSettings, settings: Settings, names: Names) -> SchemasPlan:
    """Work the step out from settings that `infra.derive.checks` has accepted."""
    search = settings.elasticsearch
    return SchemasPlan(
        region=settings.project.region,
        image=schemas.image,
        repository=repository_of(schemas.image),
        program=schemas.program,
        timeout=f"{schemas.timeout.seconds}s",
        cpu=str(schemas.cpu),
        memory=f"{schemas.memory.mib}Mi",
        jobs=tuple(job for store, make in _JOBS.items() if store in settings.stores for job in make(settings, names)),
        scheduled=tuple(_scheduled(schemas, settings, names)),
        keeps_own_api_key=search is not None,
        api_keys={client: api_key(client) for client in key_holders(search, settings)} if search else {},
        egress=tuple(_egress(settings)),
    )


def export_job_name(names: Names) -> str:
    """The name of the job that exports TimescaleDB's aggregates."""
    return names.of("schema", "timescale", "export")


def api_key(client: str) -> str:
    """The key of the secret that hands a program its API key of Elasticsearch, without the names' prefix."""
    return f"elasticsearch-{client}-api-key"


OWN_API_KEY = api_key("schema")
"""The secret with which the schema step itself signs in to Elasticsearch."""


def variable(store: str, what: str = "") -> str:
    """The environment variable that tells the schema step where a store is, or something else about it."""
    return "_".join(part for part in ("TRIPTRIP_SCHEMA", store.upper(), what) if part)


def _tag(store: str) -> str:
    return f"{TAG}-{store}"


def _program(settings: Settings) -> str:
    return settings.schemas.program if settings.schemas else ""


def _arguments(verb: str, store: str, settings: Settings) -> tuple[str, ...]:
    return (verb, store, "--env", settings.project.environment)


def _postgres(settings: Settings, names: Names, verb: str = "apply", *ending: str) -> Iterator[JobPlan]:
    yield JobPlan(
        "-".join(("postgres", *ending)),
        "postgres",
        names.of("schema", "postgres", *ending),
        _arguments(verb, "postgres", settings),
        secrets={variable("postgres"): SecretPlan(f"postgres-{_program(settings)}-write")},
        files={CERTIFICATE_PATH: SecretPlan(SERVER_CERTIFICATES_SECRET)},
    )


def _timescale(settings: Settings, names: Names) -> Iterator[JobPlan]:
    secret = SecretPlan(f"timescale-{_program(settings)}-write")
    yield _reading("timescale", settings, names, secrets={variable("timescale"): secret})


def _mongodb(settings: Settings, names: Names) -> Iterator[JobPlan]:
    yield _reading("mongodb", settings, names, secrets={variable("mongodb"): SecretPlan("mongodb-connection")})


def _elasticsearch(settings: Settings, names: Names) -> Iterator[JobPlan]:
    search, version = settings.elasticsearch, settings.schemas.elasticsearch_key_version if settings.schemas else None
    if search is None or version is None:
        return
    host = elasticsearch_plan(search, settings, names).hosts["es"]
    yield _reading(
        "elasticsearch",
        settings,
        names,
        values={variable("elasticsearch"): f"https://{host}:443"},
        secrets={variable("elasticsearch", "API_KEY"): SecretPlan(OWN_API_KEY, str(version))},
    )


def _bigquery(settings: Settings, names: Names) -> Iterator[JobPlan]:
    yield _reading("bigquery", settings, names, values={variable("bigquery"): "https://bigquery.googleapis.com"})


def _reading(
    store: str,
    settings: Settings,
    names: Names,
    values: Mapping[str, str] | None = None,
    secrets: Mapping[str, SecretPlan] | None = None,
) -> JobPlan:
    name, arguments = names.of("schema", store), _arguments("apply", store, settings)
    return JobPlan(store, store, name, arguments, values or {}, secrets or {})


def _redis(settings: Settings, names: Names) -> Iterator[JobPlan]:
    secret = SecretPlan("cache-connection")
    job = _reading("redis", settings, names, secrets={variable("redis"): secret})
    yield replace(job, files={cache.CERTIFICATE_PATH: SecretPlan("cache-server-ca")})


_JOBS: Mapping[str, Callable[[Settings, Names], Iterator[JobPlan]]] = {
    "postgres": _postgres,
    "timescale": _timescale,
    "mongodb": _mongodb,
    "elasticsearch": _elasticsearch,
    "bigquery": _bigquery,
    "cache": _redis,
}
"""The stores with a schema by their subjects, in the order in which a deployment goes through them."""


def _scheduled(schemas: SchemasSettings, settings: Settings, names: Names) -> Iterator[ScheduledJobPlan]:
    # Programs' accounts start with the names' prefix; these end with it, so that no program can have their name.
    if settings.postgres:
        [job] = _postgres(settings, names, "maintain", "maintenance")
        yield ScheduledJobPlan(
            key="schemas",
            job=job,
            schedule=every(schemas.maintain_every),
            account_id=f"scheduler-{names.prefix}",
            title="Starts the upkeep of PostgreSQL",
            description="Partitions and materialized views of PostgreSQL",
            is_frequent=True,
        )
    if settings.timescale and settings.recovery:
        yield ScheduledJobPlan(
            key="schemas-export",
            job=_aggregates_export(settings, names),
            schedule=daily(settings.recovery.timescale.time),
            account_id=f"start-ts-{names.prefix}",
            title="Starts the export of TimescaleDB's aggregates",
            description="Export of TimescaleDB's aggregates to a bucket of copies",
            is_frequent=False,
        )


def _aggregates_export(settings: Settings, names: Names) -> JobPlan:
    [job] = _timescale(settings, names)
    return replace(
        job,
        key="timescale-export",
        name=export_job_name(names),
        arguments=("export", "--env", settings.project.environment),
        values={variable("timescale", "BACKUPS"): bucket_name(settings, BACKUPS)},
        bucket_key=BACKUPS,
    )


def _egress(settings: Settings) -> Iterator[EgressPlan]:
    """What is let out, store by store; everything else that a job sends is refused, and no log tells of it.

    Direct VPC egress of Cloud Run has no Firewall Rules Logging (cloud.google.com/run/docs/configuring/vpc-direct-vpc,
    Limitations, 2026-11).
    """
    network = settings.network
    yield EgressPlan(EVERY_JOB, "Google's APIs, which the subnet reaches privately", (_ANYWHERE,), _TLS)
    if settings.postgres:
        yield EgressPlan("postgres", "PostgreSQL", (network.private_services_range,), (str(ports.SERVER),))
    if settings.mongodb:
        yield EgressPlan("mongodb", "The private endpoint of MongoDB Atlas", (network.subnet_range,), _ATLAS_PORTS)
    if settings.elasticsearch:
        yield EgressPlan("elasticsearch", "The private endpoint of Elastic Cloud", (network.subnet_range,), _TLS)
    if settings.timescale:
        yield EgressPlan("timescale", "Timescale Cloud in AWS (COR-11)", (_ANYWHERE,), ())
    if settings.cache:
        held = network.cache_range if settings.cache.engine == "redis" and network.cache_range else network.subnet_range
        yield EgressPlan("redis", "The cache", (held,), ())
