"""A discovery document as routes: which method a request means, and what its parameters and its body may be."""

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any
from urllib.parse import unquote


@dataclass(frozen=True)
class Route:
    """One way to a method: `kind` is how its body travels, and media in a path of its own."""

    http: str
    pattern: re.Pattern[str]
    weight: int
    kind: str = "json"


@dataclass(frozen=True)
class Method:
    """A method of the document; `request` and `response` name schemas, None where there is no body."""

    id: str
    path: str
    parameters: Mapping[str, Mapping[str, Any]]
    request: str | None
    response: str | None
    routes: tuple[Route, ...]


@dataclass(frozen=True)
class Document:
    """A discovery document: `name` is its file's, such as sqladmin.v1."""

    name: str
    schemas: Mapping[str, Any]
    parameters: Mapping[str, Mapping[str, Any]]
    methods: Mapping[str, Method]

    def find(self, http: str, path: str) -> tuple[Method, Route, dict[str, str]] | None:
        """The method behind a path (as sent, without the leading slash), its route, and the path's parameters."""
        for method, route in self._by_weight:
            if route.http == http and (found := route.pattern.fullmatch(path)):
                values = {name: unquote(value) for name, value in found.groupdict().items()}
                if all(_fits(method.parameters[name], value) for name, value in values.items()):
                    return method, route, values
        return None

    @functools.cached_property
    def _by_weight(self) -> list[tuple[Method, Route]]:
        """The more of a path is written out, the earlier it is tried."""
        pairs = [(method, route) for method in self.methods.values() for route in method.routes]
        return sorted(pairs, key=lambda pair: -pair[1].weight)


@functools.cache
def document(name: str) -> Document:
    """A document of google-api-python-client by its file's name; KeyError where it ships none."""
    folder = resources.files("googleapiclient.discovery_cache.documents")
    file = folder.joinpath(f"{name}.json")
    if not file.is_file():
        raise KeyError(f"google-api-python-client ships no discovery document {name}")
    read = json.loads(file.read_bytes())
    service_path = read["servicePath"]
    methods = {row["id"]: _method(row, service_path) for row in _rows(read)}
    return Document(name, read["schemas"], read["parameters"], methods)


def _rows(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from _rows(inner)


def _method(row: Mapping[str, Any], service_path: str) -> Method:
    http, path = row["httpMethod"], service_path + row["path"]
    routes = [_route(http, path)]
    for protocol, upload in row.get("mediaUpload", {}).get("protocols", {}).items():
        routes.append(_route(http, upload["path"].lstrip("/"), protocol))
        if protocol == "resumable":
            # google-cloud-storage asks for a session on the path of the simple upload, which then goes on by PUT.
            routes.append(_route("PUT", f"upload/{path}", "resumable"))
    if row.get("supportsMediaDownload"):
        routes.append(_route(http, f"download/{path}", "download"))
    return Method(
        row["id"],
        path,
        row.get("parameters", {}),
        row.get("request", {}).get("$ref"),
        row.get("response", {}).get("$ref"),
        tuple(routes),
    )


def _route(http: str, template: str, kind: str = "json") -> Route:
    pieces = re.split(r"(\{\+?\w+\})", template)
    pattern = "".join(_piece(piece) for piece in pieces)
    weight = sum(len(piece) for piece in pieces if not piece.startswith("{"))
    return Route(http, re.compile(pattern), weight, kind)


def _piece(piece: str) -> str:
    if piece.startswith("{+"):
        return f"(?P<{piece[2:-1]}>.+)"
    if piece.startswith("{"):
        return f"(?P<{piece[1:-1]}>[^/]+?)"
    return re.escape(piece)


def _fits(parameter: Mapping[str, Any], value: str) -> bool:
    return "pattern" not in parameter or re.fullmatch(parameter["pattern"], value) is not None
