"""Labels: who owns a resource, who pays for it, which environment it is of, and how sensitive its data is."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.kit import Case, Level, Node, Parameter, Resource, Severity, Undecided, rule
from policies.kit.types import (
    ADDRESS,
    ATLAS_CLUSTER,
    ATLAS_PROJECT,
    BUCKET,
    CERTIFICATE,
    CERTIFICATE_ENTRY,
    CERTIFICATE_MAP,
    DATASET,
    DNS_ZONE,
    DOMAIN_PROOF,
    ELASTIC_DEPLOYMENT,
    FORWARDING_RULE,
    GLOBAL_ADDRESS,
    GLOBAL_FORWARDING_RULE,
    INSTANCE_TEMPLATE,
    KEY,
    MACHINE,
    REDIS,
    REGION_INSTANCE_TEMPLATE,
    RUN_JOB,
    RUN_SERVICE,
    SECRET,
    SECURITY_POLICY,
    SQL_INSTANCE,
    SUBSCRIPTION,
    TABLE,
    TOPIC,
    VALKEY,
)
from policies.kit.waiting import all_of
from policies.resilience.reading import is_unknown, missing

_OF_ITS_OWN = {
    SQL_INSTANCE: "settings.userLabels",
    ATLAS_CLUSTER: "tags",
    ATLAS_PROJECT: "tags",
    ELASTIC_DEPLOYMENT: "tags",
}
"""Where the labels stand of types that the Google provider's defaultLabels do not reach."""

_OF_THE_PROVIDER = (
    BUCKET,
    DATASET,
    KEY,
    REDIS,
    SECRET,
    SUBSCRIPTION,
    TABLE,
    TOPIC,
    VALKEY,
    CERTIFICATE,
    CERTIFICATE_MAP,
    CERTIFICATE_ENTRY,
    DOMAIN_PROOF,
    ADDRESS,
    FORWARDING_RULE,
    GLOBAL_ADDRESS,
    GLOBAL_FORWARDING_RULE,
    SECURITY_POLICY,
    DNS_ZONE,
    MACHINE,
    INSTANCE_TEMPLATE,
    REGION_INSTANCE_TEMPLATE,
    RUN_JOB,
    RUN_SERVICE,
)
"""Types of Google Cloud whose `labels` the provider fills from its defaultLabels."""

LABELLED = (*_OF_ITS_OWN, *_OF_THE_PROVIDER)
_DATA = (*_OF_ITS_OWN, BUCKET, DATASET, REDIS, TOPIC, VALKEY)


def labels_of(resource: Resource) -> Mapping[str, Any]:
    """A resource's labels with the provider's; raises Undecided when they are not known yet."""
    if path := _OF_ITS_OWN.get(resource.type):
        return resource.node(path).values
    return {**default_labels(resource.provider), **resource.node("labels").values}


def default_labels(provider: Node) -> Mapping[str, Any]:
    """The labels that a Google provider adds; its inputs are JSON text, as the engine keeps them."""
    given = provider.get("defaultLabels")
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            return {}
    return given if isinstance(given, dict) else {}


def label(resource: Resource, name: str) -> Any:
    """One of the labels, or None; raises Undecided when it is not known yet."""
    value = labels_of(resource).get(name)
    if is_unknown(value):
        raise Undecided(f"{_OF_ITS_OWN.get(resource.type, 'labels')}.{name}")
    return value


_CLASSES = ("public", "internal", "confidential", "restricted")
_LABELS = {"env": "prod", "owner": "data-platform", "cost-centre": "triptrip", "data-class": "confidential"}
_DEFAULTS = {"defaultLabels": json.dumps(_LABELS)}
_TWO = json.dumps({"env": "prod", "owner": "data-platform"})


@rule(
    "st-labels",
    title="Resources carry the labels that name their environment, owner, cost centre and class of data",
    severity=Severity.MEDIUM,
    types=LABELLED,
    sources=["NIST 800-53: CM-8", "COST-OPT"],
    reason="a resource without labels is in no cost report, and nobody knows whom to call about it",
    fix="set project.labels in the stack file; a provider made in a component needs defaultLabels",
    parameters={
        "required": Parameter(tuple(_LABELS), "Labels that every resource carries"),
        "classes": Parameter(_CLASSES, "Values that the label data-class may have"),
    },
    good=[
        Case({}, type=DATASET, provider=_DEFAULTS),
        Case({"labels": _LABELS}, type=DATASET),
        Case({}, type=REGION_INSTANCE_TEMPLATE, provider=_DEFAULTS),
        Case({}, type=RUN_JOB, provider=_DEFAULTS),
        Case({"settings": {"userLabels": _LABELS}}, type=SQL_INSTANCE),
        Case({"tags": _LABELS}, type=ATLAS_CLUSTER),
        Case({"tags": _LABELS}, type=ELASTIC_DEPLOYMENT),
    ],
    bad=[
        Case({}, type=DATASET),
        Case({}, type=DATASET, provider={"defaultLabels": _TWO}),
        Case({}, type=MACHINE),
        Case({}, type=RUN_JOB),
        Case({}, type=SQL_INSTANCE, provider=_DEFAULTS),
        Case({"tags": {**_LABELS, "owner": ""}}, type=ATLAS_CLUSTER),
        Case({}, type=ELASTIC_DEPLOYMENT),
        Case({"labels": {"env": ""}}, type=BUCKET, provider=_DEFAULTS),
        Case({"tags": {**_LABELS, "data-class": "important"}}, type=ATLAS_CLUSTER),
    ],
)
def labels(resource: Resource, required: Sequence[str], classes: Sequence[str]) -> Iterator[str]:
    def of_a_class() -> Iterator[str]:
        found = label(resource, "data-class")
        if found not in (None, "", *classes):
            yield f"label data-class is {found}; it must be one of {', '.join(classes)}"

    given = missing("labels are missing:", required, lambda name: label(resource, name) not in (None, ""))
    yield from all_of(given, of_a_class())


@rule(
    "st-data-class",
    title="What stores data says how sensitive it is",
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,
    types=_DATA,
    sources=["CIS GCP 5.0: 7.4", "NIST 800-53: RA-2"],
    reason="personal data that nobody has classified ends up where too many may read it",
    fix="set project.labels.dataClass in the stack file",
    parameters={"classes": Parameter(("confidential", "restricted"), "Classes that a store may have")},
    good=[Case({}, type=DATASET, provider=_DEFAULTS), Case({"tags": {"data-class": "restricted"}}, type=ATLAS_CLUSTER)],
    bad=[
        Case({}, type=DATASET),
        Case({"settings": {"userLabels": {"data-class": "public"}}}, type=SQL_INSTANCE),
        Case({"tags": {"data-class": "unknown"}}, type=ATLAS_CLUSTER),
    ],
)
def data_class(resource: Resource, classes: Sequence[str]) -> Iterator[str]:
    found = label(resource, "data-class")
    if found not in classes:
        yield f"label data-class is {found or 'not set'}; it must be {' or '.join(classes)}"
