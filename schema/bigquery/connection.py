"""The client of one environment's BigQuery, and its refusals as errors of the command."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import google.auth
from google.api_core.exceptions import Forbidden, GoogleAPICallError, RetryError
from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_RETRY
from requests.exceptions import RequestException

from schema.bigquery.places import wrong
from schema.kit import Environment, File, SchemaError

EXAMPLE = "https://bigquery.googleapis.com"
SECONDS = 60.0
"""How long one request may take, its repeats included."""

RETRY = DEFAULT_RETRY.with_timeout(SECONDS)
"""What the library repeats: requests that met a busy or a broken server, and change nothing twice."""

_SCOPE = "https://www.googleapis.com/auth/bigquery"
_ROLES = "WRITER in every dataset (writerPrograms) and roles/bigquery.jobUser (queryPrograms)"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_PLACE = re.compile(r"\s*(?:at )?\[(\d+):\d+\]")
_ASIDE = re.compile(r"^\d{3} (?:[A-Z]+ \S+: )?|; reason: .*$")


def connect(environment: Environment) -> bigquery.Client:
    """A client of the environment's project and region; raises SchemaError when no credentials are to be had.

    An endpoint on loopback is an emulator and asked without credentials; every other one is asked over TLS as the
    application's default account.
    """
    project = environment.settings.project
    endpoint = environment.connection("bigquery", EXAMPLE)
    return bigquery.Client(
        project=project.gcp_project,
        location=project.region,
        credentials=_credentials(endpoint),
        client_options={"api_endpoint": endpoint.rstrip("/")},
    )


def _credentials(endpoint: str) -> Credentials:
    url = urlsplit(endpoint)
    if url.scheme == "http" and url.hostname in _LOOPBACK:
        return AnonymousCredentials()  # type: ignore[no-untyped-call] # has no types
    if url.scheme != "https" or not url.hostname:
        raise SchemaError(
            "environment variable TRIPTRIP_SCHEMA_BIGQUERY",
            "is no endpoint of BigQuery",
            allowed=f"{EXAMPLE}, or http:// with a port of this machine for an emulator",
        )
    try:
        credentials, _ = google.auth.default(scopes=[_SCOPE])
    except GoogleAuthError as error:
        raise SchemaError(
            "Google's credentials",
            f"are not to be had: {_first_line(error)}",
            fix="run it as the job's service account, or `gcloud auth application-default login`",
        ) from None
    return credentials


@contextmanager
def told(what: str, file: File | None = None) -> Iterator[None]:
    """Turn a refusal of BigQuery into a SchemaError that names the file, and its line where BigQuery tells one."""
    try:
        yield
    except RetryError as error:
        raise SchemaError(what, f"BigQuery did not answer in {SECONDS:.0f} s: {_first_line(error.cause)}") from None
    except (RequestException, ConnectionError, TimeoutError) as error:
        raise SchemaError(
            what,
            f"BigQuery cannot be reached: {_first_line(error)}",
            fix="check TRIPTRIP_SCHEMA_BIGQUERY and the network",
        ) from None
    except GoogleAuthError as error:
        raise SchemaError(what, f"Google's credentials are refused: {_first_line(error)}") from None
    except Forbidden as error:
        raise SchemaError(
            what, f"BigQuery forbids it: {_reason(error)}", fix=f"give the account that applies the schema {_ROLES}"
        ) from None
    except GoogleAPICallError as error:
        place = _PLACE.search(str(error))
        given = f"BigQuery refuses it: {_reason(error)}"
        if file is None:
            raise SchemaError(what, given) from None
        raise wrong(file, int(place[1]) if place else None, given, fix="correct the file") from None


def _reason(error: GoogleAPICallError) -> str:
    return _ASIDE.sub("", _PLACE.sub("", _first_line(error)))


def _first_line(error: object) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
