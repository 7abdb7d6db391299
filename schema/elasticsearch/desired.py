"""A cluster as the files and one environment's settings say it is to be."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.derive.elasticsearch import REPOSITORY_CLIENT
from infra.derive.schemas import api_key
from schema.elasticsearch.files import FOLDER, MANAGED_BY, Definition, checksum, client_roles, definitions, filled
from schema.elasticsearch.objects import KINDS, Kind, Wanted, flat_settings
from schema.kit import Environment, SchemaError

_SHARD_GIB = 35
"""In the middle of the 10 to 50 GB that Elastic advises for a shard ("Size your shards", read 2026-11-25)."""


@dataclass(frozen=True)
class WantedIndex:
    """A versioned index: `settings` flat, `kept` former ones; `name` is its read alias."""

    name: str
    settings: dict[str, Any]
    mappings: dict[str, Any]
    kept: int

    @property
    def write_alias(self) -> str:
        """The alias that documents are written through."""
        return f"{self.name}-write"


@dataclass(frozen=True)
class WantedKey:
    """A client's API key: its name in the cluster, the role it is held to, the secret that hands it over."""

    client: str
    name: str
    secret: str
    roles: dict[str, Any]


@dataclass(frozen=True)
class Desired:
    """Everything that is to be in a cluster; `analysis` is what the component templates say of it, together."""

    objects: tuple[Wanted, ...]
    indices: tuple[WantedIndex, ...]
    keys: tuple[WantedKey, ...]
    analysis: Mapping[str, Any]


def desired(environment: Environment, folder: Path = FOLDER) -> Desired:
    """Read the files for an environment; raises SchemaError when it has no Elasticsearch or a client has no role."""
    settings = environment.declared(environment.settings.elasticsearch, "elasticsearch")
    plan = environment.declared(environment.plan.elasticsearch, "elasticsearch")
    values: dict[str, str | int] = {"replicas": settings.index.replicas}
    if plan.snapshots:
        values |= {"snapshot_bucket": plan.snapshots.bucket, "snapshot_client": REPOSITORY_CLIENT}
    read = [
        (kind, name, definition)
        for kind in KINDS
        for name, definition in definitions(folder / kind.folder).items()
        if definition.needs is None or plan.snapshots
    ]
    objects = tuple(_wanted(kind, name, row, values, settings.index.size.gib) for kind, name, row in read)
    parts = {each.name: each.body["template"] for each in objects if each.kind.folder == "component_templates"}
    rows = {name: row for kind, name, row in read if kind.folder == "index_templates"}
    indices = tuple(
        _index(each, rows[each.name].versioned.kept, parts)  # type: ignore[union-attr] # chosen below
        for each in objects
        if each.kind.folder == "index_templates" and rows[each.name].versioned
    )
    roles = {each.name: each.body for each in objects if each.kind.folder == "roles"}
    table = client_roles(folder)
    keys = tuple(_key(client, table, roles, environment) for client in plan.key_holders)
    analysis: dict[str, Any] = {}
    for part in parts.values():
        analysis = _merged(analysis, part.get("settings", {}).get("index", {}).get("analysis", {}))
    return Desired(objects, indices, keys, analysis)


def secret_of(client: str, environment: Environment) -> str:
    """The secret of Secret Manager that hands a client its API key."""
    return environment.plan.names.of(api_key(client))


def _wanted(kind: Kind, name: str, row: Definition, values: dict[str, str | int], index_gib: int) -> Wanted:
    if row.versioned:
        values = {**values, "shards": max(1, math.ceil(index_gib * row.versioned.share / _SHARD_GIB))}
    body = filled(row.body, values, f"schema/elasticsearch/{kind.folder}/{name}.yaml")
    if row.versioned:
        body = _noted(body, name)
    return Wanted(kind, name, body, tuple(row.asked_by))


def _noted(body: dict[str, Any], name: str) -> dict[str, Any]:
    """A template whose indices say in their mapping what made them."""
    template = body["template"]
    note = {"managed_by": MANAGED_BY, "template": name}
    return {**body, "template": {**template, "mappings": {**template["mappings"], "_meta": note}}}


def _index(wanted: Wanted, kept: int, parts: Mapping[str, Any]) -> WantedIndex:
    """What Elasticsearch makes of a template and its components, in their order."""
    where = f"schema/elasticsearch/index_templates/{wanted.name}.yaml"
    if unknown := [name for name in wanted.body["composed_of"] if name not in parts]:
        raise SchemaError(where, f"composed_of names {unknown[0]}, which is no file", allowed=", ".join(parts))
    templates = [*(parts[name] for name in wanted.body["composed_of"]), wanted.body["template"]]
    settings: dict[str, Any] = {}
    mappings: dict[str, Any] = {}
    for template in templates:
        settings |= flat_settings(template.get("settings", {}))
        mappings = _merged(mappings, template.get("mappings", {}))
    note = {**mappings["_meta"], "checksum": checksum({"settings": settings, "mappings": mappings})}
    return WantedIndex(wanted.name, settings, {**mappings, "_meta": note}, kept)


def _merged(one: dict[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    both = {key: _merged(one[key], other[key]) for key in other if isinstance(one.get(key), dict)}
    return {**one, **other, **both}


def _key(client: str, table: Mapping[str, str], roles: Mapping[str, Any], environment: Environment) -> WantedKey:
    role = table.get(client, "")
    if role not in roles:
        raise SchemaError(
            f"elasticsearch.clients of Pulumi.{environment.name}.yaml",
            f"{client} has role {role}, which is no file" if role else f"{client} has no role",
            allowed=", ".join(f"{name}: {held}" for name, held in table.items()),
            fix="give it a row in schema/elasticsearch/clients.yaml",
        )
    return WantedKey(
        client,
        environment.plan.names.of("elasticsearch", client),
        secret_of(client, environment),
        {role: roles[role]},
    )
