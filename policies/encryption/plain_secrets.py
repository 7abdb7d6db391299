"""Secrets in plain text: in inputs by their names, in any text by its look, and in what the stack hands out."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policies.kit import Case, Resource, Severity, Stack, Undecided, leaves, rule
from policies.kit.types import (
    ATLAS_USER,
    ELASTIC_KEYSTORE,
    GRAFANA_PROVIDER,
    GRAFANA_SOURCE,
    PROVIDERS,
    REGION_INSTANCE_TEMPLATE,
    REGIONAL_SECRET_VERSION,
    RUN_JOB,
    RUN_SERVICE,
    SECRET,
    SECRET_VERSION,
    SQL_INSTANCE,
    STACK,
)
from policies.kit.values import UNKNOWN, Secret
from policies.kit.waiting import about_each

_SECRET_NAME = re.compile(
    r"(password|passphrase|secret|token|privatekey|authstring|credentials?|apikey|secretkey|accesskey|sharedkey"
    r"|servicekey|serviceaccountkey|clientkey|rawkey|connectionstring|webhookurl|secretdata|secretvalue)"
    r"(wo|pem|string|base64)?\Z"
)
_NAME_OF_MANY = re.compile(r"(passwords|passphrases|tokens|apikeys|privatekeys|secretkeys|accesskeys)\Z")
_REFERENCE = re.compile(r"(//secretmanager\.googleapis\.com/)?projects/[^/\s]+/(locations/[^/\s]+/)?secrets/\S+")
_ALSO = {ELASTIC_KEYSTORE: ("value",), GRAFANA_PROVIDER: ("auth",), GRAFANA_SOURCE: ("secureJsonDataEncoded",)}
"""Inputs that hold a secret under a name that does not say so."""

_REFERENCES = {
    SECRET_VERSION: ("secret",),
    REGIONAL_SECRET_VERSION: ("secret",),
    RUN_JOB: (
        "template.template.containers.envs.valueSource.secretKeyRef.secret",
        "template.template.volumes.secret.secret",
    ),
    RUN_SERVICE: (
        "template.containers.envs.valueSource.secretKeyRef.secret",
        "template.volumes.secret.secret",
    ),
}
"""Inputs whose name says secret, and that name one."""

_LOOKS = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY"),
    "an address with a password": re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@?#]*:[^\s/@]+@"),
    "a connection string with a password": re.compile(r"(?:^|[\s;?&])(?:password|pwd)=[^\s;&]+", re.IGNORECASE),
    "a Google API key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b"),
    "a token of GitHub": re.compile(r"\bgh[pousr]_[0-9A-Za-z]{36}"),
    "a token of Slack": re.compile(r"\bxox[abprs]-[0-9A-Za-z-]{10}|hooks\.slack\.com/services/\w"),
}

_About = Iterator[tuple[Resource | None, str]]


def _is_secret_name(path: tuple[str, ...]) -> bool:
    """Whether the last name says that a secret stands there, or one above says that many do."""
    plain = [name.replace("_", "").replace("-", "").lower() for name in path]
    return bool(plain) and bool(_SECRET_NAME.search(plain[-1]) or any(map(_NAME_OF_MANY.search, plain)))


def _is_plain(value: Any) -> bool:
    """Whether it is a text or number that anybody can read; an unknown one is, when the engine does not hide it."""
    if isinstance(value, str):
        return bool(value) and not _REFERENCE.fullmatch(value)
    return value is UNKNOWN or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _named(resource: Resource) -> Iterator[str]:
    """The inputs whose name says secret and whose value is none for the engine."""
    for path, value in leaves(dict(resource.values)):
        where = ".".join(path)
        says_so = _is_secret_name(path) and where not in _REFERENCES.get(resource.type, ())
        if (says_so or where in _ALSO.get(resource.type, ())) and _is_plain(value):
            yield f"{where} is not marked as a secret"


@rule(
    "no-plain-secret",
    title="Every input that holds a password, token or key is marked as a secret",
    severity=Severity.CRITICAL,
    sources=["NIST 800-53: IA-5", "NIST 800-53: SC-28", "NIST policy pack: hardcoded-secrets"],
    reason="what the engine does not know to be secret stands in the state, in previews and in logs for all to read",
    fix="pass pulumi.Output.secret(…), a secret setting of the stack, or an output that is secret already",
    good=[
        Case({"secretData": Secret("hunter2"), "secret": "projects/p/secrets/a"}, SECRET_VERSION),
        Case({"passwordWo": Secret("hunter2"), "passwordWoVersion": 1}, ATLAS_USER),
        Case({"secretId": "cache-auth", "passwordPolicy": "strict"}, SECRET),
        Case({"settingName": "gcs.client.a.credentials_file", "value": Secret("{}")}, ELASTIC_KEYSTORE),
        Case({"template": {"template": {"volumes": [{"secret": {"secret": "postgres-server-ca"}}]}}}, RUN_JOB),
        Case({"template": {"volumes": [{"secret": {"secret": "cache-server-ca"}}]}}, RUN_SERVICE),
        Case({"oauth": {"clientSecret": "projects/p/secrets/oauth/versions/1"}}, SQL_INSTANCE),
    ],
    bad=[
        Case({"secretData": "hunter2", "secret": "projects/p/secrets/a"}, SECRET_VERSION),
        Case({"passwordWo": "hunter2", "passwordWoVersion": 1}, ATLAS_USER),
        Case({"value": "hunter2"}, ELASTIC_KEYSTORE),
        Case({"secureJsonDataEncoded": '{"password": "hunter2"}'}, GRAFANA_SOURCE),
        *(
            Case({name: "hunter2"}, "gcp:example/example:Example")
            for name in (
                "rootPassword",
                "apiToken",
                "clientSecret",
                "privateKey",
                "privateKeyPem",
                "authString",
                "auth_string",
                "credentials",
                "apiKey",
                "datadogApiKey",
                "secretKey",
                "connectionString",
                "webhookUrl",
            )
        ),
    ],
)
def no_plain_secret(resource: Resource) -> Iterator[str]:
    yield from _named(resource)


@rule(
    "no-plain-provider-secret",
    title="Credentials of a provider are marked as secrets",
    severity=Severity.CRITICAL,
    types=PROVIDERS,
    sources=["NIST 800-53: IA-5", "NIST policy pack: hardcoded-secrets"],
    reason="a provider's inputs stand in the state like any others, and its key opens the whole account",
    fix="take credentials from the environment, or from a secret setting of the stack",
    good=[Case({"accessKey": Secret("a"), "secretKey": Secret("b"), "projectId": "p"}, "pulumi:providers:timescale")],
    bad=[
        Case({"secretKey": "b"}, "pulumi:providers:timescale"),
        Case({"credentials": "{}"}, "pulumi:providers:gcp"),
        Case({"apikey": "a"}, "pulumi:providers:ec"),
        Case({"auth": "a"}, GRAFANA_PROVIDER),
        Case({"privateKey": "a"}, "pulumi:providers:mongodbatlas"),
    ],
)
def no_plain_provider_secret(provider: Resource) -> Iterator[str]:
    yield from _named(provider)


def _looking(values: Mapping[str, Any], where: str) -> Iterator[str]:
    """What looks like a secret in plain text; raises Undecided at the end when a text is not known yet."""
    waiting = ""
    for path, value in leaves(dict(values)):
        if value is UNKNOWN:
            waiting = waiting or ".".join(path)
        elif isinstance(value, str):
            for what, look in _LOOKS.items():
                if look.search(value):
                    yield f"{'.'.join(path)} holds {what}"
    if waiting:
        raise Undecided(f"{where}.{waiting}")


@rule(
    "no-secret-text",
    title="No text holds a private key or a connection string with a password",
    severity=Severity.CRITICAL,
    sources=["NIST 800-53: IA-5", "NIST policy pack: hardcoded-secrets", "CONN"],
    reason="a secret in a description, a label or a query is as readable as one in an input of its own",
    fix="take it out, renew it, and hand it over by Secret Manager",
    good=[
        Case(stack={"a": (SQL_INSTANCE, {"name": "postgresql://db.internal:5432/triptrip", "url": "https://a@b.c"})}),
        Case(stack={"a": (SECRET_VERSION, {"secretData": Secret("postgresql://a:b@c/d")})}),
    ],
    bad=[
        Case(stack={"a": (SQL_INSTANCE, {"description": "postgresql://app:hunter2@db.internal:5432/triptrip"})}),
        Case(stack={"a": (SQL_INSTANCE, {"labels": {"a": "redis://:hunter2@10.0.0.1:6378"}})}),
        Case(stack={"a": (SQL_INSTANCE, {"query": "host=db user=app password=hunter2"})}),
        Case(stack={"a": (SQL_INSTANCE, {"parts": ["-----BEGIN PRIVATE KEY-----"]})}),
        Case(stack={"a": (SQL_INSTANCE, {"file": '{"private_key": "-----BEGIN RSA PRIVATE KEY-----"}'})}),
        Case(stack={"a": (SQL_INSTANCE, {"key": "AIza" + "a" * 35})}),
        Case(
            stack={
                "a": (
                    REGION_INSTANCE_TEMPLATE,
                    {"metadata": {"user-data": "write_files:\n- content: |\n    -----BEGIN EC PRIVATE KEY-----\n"}},
                )
            }
        ),
        Case(stack={"a": (REGION_INSTANCE_TEMPLATE, {"metadataStartupScript": "psql postgresql://a:b@c/d"})}),
    ],
)
def no_secret_text(stack: Stack) -> _About:
    def check(resource: Resource) -> Iterator[tuple[Resource, str]]:
        yield from ((resource, message) for message in _looking(resource.values, resource.name))

    yield from about_each((each for each in stack if each.type != STACK), check)


def _shown(resource: Resource) -> Iterator[str]:
    """Secrets in plain text among what a stack or a component hands out."""
    # An input of a component is an output of its own; a stack has outputs alone.
    for values in (resource.values, resource.outputs):
        yield from (f"{'.'.join(path)} is not marked as a secret" for path, value in _plain_names(values))
    yield from about_each((resource.values, resource.outputs), lambda each: _looking(each, resource.name))


def _plain_names(values: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    found = leaves(dict(values))
    return ((path, value) for path, value in found if _is_secret_name(path) and _is_plain(value))


@rule(
    "out-no-secret",
    title="The stack's outputs show no secret",
    severity=Severity.CRITICAL,
    types=[STACK],
    sources=["NIST 800-53: IA-5", "CONN"],
    reason="outputs are printed after every update and read by other programs: whoever sees the log signs in",
    fix="hand out the secret's name in Secret Manager, or mark the output as a secret",
    good=[
        Case(
            stack={
                "a": (
                    STACK,
                    {
                        "postgresHosts": {"write": "pg-write.prod.triptrip.internal"},
                        "postgresConnectionSecrets": {"application-write": "projects/p/secrets/a"},
                        "cacheAuthString": Secret("hunter2"),
                        "cacheSecret": "projects/p/secrets/cache",
                    },
                )
            }
        ),
    ],
    bad=[
        Case(stack={"a": (STACK, {"url": "postgresql://app:hunter2@db.internal:5432/triptrip"})}),
        Case(stack={"a": (STACK, {"key": ["-----BEGIN PRIVATE KEY-----\nabc"]})}),
        Case(stack={"a": (STACK, {"inventory": [{"dsn": "host=db password=hunter2"}]})}),
        Case(stack={"a": (STACK, {"cacheAuthString": "hunter2"})}),
        Case(stack={"a": (STACK, {"passwords": {"application": "hunter2"}})}),
    ],
)
def outputs_without_secrets(stack: Stack) -> _About:
    def check(resource: Resource) -> Iterator[tuple[Resource, str]]:
        yield from ((resource, message) for message in dict.fromkeys(_shown(resource)))

    yield from about_each((each for each in stack if each.type == STACK or each.type.startswith("triptrip:")), check)
