"""A plan as text for people, as JSON for tools, as YAML for snapshots; the same content, the same order in each."""

import json
from typing import Any

import yaml
from rich.console import Console
from rich.tree import Tree

from sandbox.plan.recorder import Plan, PlannedResource


def as_data(plan: Plan) -> dict[str, Any]:
    """Plain data: resources by `Component/name`, sorted, each with type, inputs and the options that were set."""
    resources = {_key(resource): _entry(resource) for resource in plan.resources if resource.custom}
    return {"stack": plan.stack, "resources": dict(sorted(resources.items())), "outputs": _sorted(plan.outputs)}


def as_json(plan: Plan) -> str:
    """JSON, one object."""
    return json.dumps(as_data(plan), indent=2, ensure_ascii=False, sort_keys=True)


def as_yaml(plan: Plan) -> str:
    """YAML with one block a resource, to be read as a diff."""
    return yaml.dump(as_data(plan), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def print_text(plan: Plan, console: Console, *, overview: bool) -> None:
    """Print a tree of components and their resources; `overview` leaves the inputs out."""
    count = sum(resource.custom for resource in plan.resources)
    root = Tree(f"[bold]{plan.stack}[/bold]: {count} resources")
    branches: dict[str, Tree] = {}
    for resource in sorted(plan.resources, key=_key):
        if resource.custom:
            component = _component(resource)
            branch = branches.get(component) or branches.setdefault(component, root.add(f"[bold]{component}[/bold]"))
            _leaf(branch, resource, overview=overview)
    console.print(root)
    for warning in plan.warnings:
        console.print(f"[yellow]advice:[/yellow] {warning}", soft_wrap=True)


def _leaf(branch: Tree, resource: PlannedResource, *, overview: bool) -> None:
    guard = " [green]protected[/green]" if resource.options.get("protect") else ""
    leaf = branch.add(f"{resource.name}  [dim]{resource.type}[/dim]{guard}")
    if not overview:
        text = yaml.dump(
            {"inputs": resource.inputs, "options": resource.options}, Dumper=_Dumper, allow_unicode=True, width=110
        )
        for line in text.rstrip().splitlines():
            leaf.add(line, guide_style="dim", highlight=True)


def _key(resource: PlannedResource) -> str:
    return f"{_component(resource)}/{resource.name}"


def _component(resource: PlannedResource) -> str:
    return resource.parent.rpartition("::")[2] if "triptrip:platform" in resource.parent else "stack"


def _entry(resource: PlannedResource) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": resource.type, "inputs": _sorted(resource.inputs)}
    if resource.options:
        entry["options"] = _sorted(resource.options)
    return entry


def _sorted(value: Any) -> Any:
    """Mappings by key at every depth: the wire keeps no order."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc] # C where it is built
    """Long texts over several lines, and never an anchor: a reader of a diff sees each value where it stands."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 # PyYAML's signature
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
