"""Every way to remove or weaken one input of a plan, made from the plan itself, and which mandatory rules notice.

`python -m tests.policies.mutations [STACK]` lists the mutations that no mandatory rule catches.
"""

import ipaddress
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from policies.all import RULES
from policies.kit import Level, Resource, Rule, Stack
from policies.kit.analyzer import resource_of
from policies.kit.evaluate import Kind, evaluate
from policies.kit.values import Secret
from policies.levels import level_of, parameters_of
from sandbox.plan import plan_stack
from tests.policies.harness import given_plan

REMOVED = object()
_DURATION = re.compile(r"(\d+)(s?)")
_MEMBER = re.compile(r"(serviceAccount|group|user|domain):")


@dataclass(frozen=True, order=True)
class Mutation:
    """One change of one resource: where in its inputs (list positions as `[]`), and what was done there."""

    type: str
    path: str
    kind: str


class Judge:
    """The mandatory rules of one stack, asked again after each change of one resource."""

    def __init__(self, stack: str, resources: list[Resource]) -> None:
        self._resources = resources
        mandatory = [rule for rule in RULES if level_of(rule, stack) in (Level.MANDATORY, Level.REMEDIATE)]
        self._parameters = {rule.id: parameters_of(rule, stack) for rule in mandatory}
        self._own = [rule for rule in mandatory if not rule.whole_stack]
        self._whole = [rule for rule in mandatory if rule.whole_stack and rule.types]
        self._each = [rule for rule in mandatory if rule.whole_stack and not rule.types]
        self._providers = [each for each in resources if each.type.startswith("pulumi:providers:")]
        self._before = {rule.id: set(self._ask(rule, Stack(resources))) for rule in self._whole}
        self._own_before = {each.urn: set(self._own_findings(each)) for each in resources}

    def catches(self, index: int, mutant: Resource | None) -> bool:
        """Whether a mandatory rule finds something in the changed resource, or in the stack, that was not there."""
        if mutant and set(self._own_findings(mutant)) - self._own_before[mutant.urn]:
            return True
        changed = [*self._resources[:index], *([mutant] if mutant else []), *self._resources[index + 1 :]]
        stack, type_ = Stack(changed), self._resources[index].type
        # A rule that names the types it looks at is not asked about another one's change, and one that looks at all is
        # asked about the changed one beside the providers: at worst that misses a catch.
        asked = (rule for rule in self._whole if type_ in rule.types)
        return any(set(self._ask(rule, stack)) - self._before[rule.id] for rule in asked) or (
            mutant is not None and bool(self._alone(mutant) - self._alone(self._resources[index]))
        )

    def _alone(self, resource: Resource) -> set[tuple[str, str]]:
        others = [each for each in self._providers if each.urn != resource.urn]
        return {found for rule in self._each for found in self._ask(rule, Stack([*others, resource]))}

    def _own_findings(self, resource: Resource) -> Iterator[tuple[str, str]]:
        for rule in self._own:
            if rule.applies_to(resource.type):
                yield from self._ask(rule, resource)

    def _ask(self, rule: Rule, subject: Resource | Stack) -> Iterator[tuple[str, str]]:
        for finding in evaluate(rule, subject, self._parameters[rule.id]):
            if finding.kind is not Kind.UNDECIDED:
                yield rule.id, finding.urn + finding.message


def resources_of(stack: str) -> list[Resource]:
    """The resources of a stack's plan as rules see them."""
    given = given_plan(plan_stack(stack))
    return [replace(resource_of(each), dependencies=frozenset(each.dependencies)) for each in given]


def uncaught(stack: str) -> tuple[Counter[Mutation], int]:
    """The mutations that pass, each with the number of resources it passes at, and how many were tried."""
    resources = resources_of(stack)
    judge = Judge(stack, resources)
    passed: Counter[Mutation] = Counter()
    seen: set[tuple[Mutation, str]] = set()
    tried = 0
    for index, resource in enumerate(resources):
        if resource.type.startswith(("pulumi:", "triptrip:")):
            continue
        for mutation, mutant in mutants(resource):
            # The same change of the same value in a further resource of a type is the same mutation.
            change = (mutation, _shown_change(resource, mutant, mutation))
            if change in seen:
                continue
            seen.add(change)
            tried += 1
            if not judge.catches(index, mutant):
                passed[mutation] += 1
    return passed, tried


def _shown_change(resource: Resource, mutant: Resource | None, mutation: Mutation) -> str:
    """What is changed from what; for a resource as a whole its own name."""
    if mutant is None or mutation.path.startswith("("):
        return resource.name
    head = mutation.path.split(".")[0].removesuffix("[]")
    return f"{resource.values.get(head)!r} {mutant.values.get(head)!r}"


def mutants(resource: Resource) -> Iterator[tuple[Mutation, Resource | None]]:
    """Each mutation of a resource, with the resource it makes; None when the resource itself is gone."""
    yield Mutation(resource.type, "(resource)", "removed"), None
    if resource.protect:
        yield Mutation(resource.type, "(protect)", "removed"), replace(resource, protect=False)
    for name in resource.ignore_changes:
        left = tuple(other for other in resource.ignore_changes if other != name)
        yield Mutation(resource.type, f"(ignoreChanges) {name}", "removed"), replace(resource, ignore_changes=left)
    for path, kind, values in _changed(dict(resource.values)):
        yield Mutation(resource.type, path, kind), replace(resource, values=values)


def _changed(value: Any, path: str = "") -> Iterator[tuple[str, str, Any]]:
    """Each single change of a value: where, what was done, and the whole value with it."""
    if isinstance(value, dict):
        for key, item in value.items():
            where = f"{path}.{key}" if path else key
            for inner, kind, changed in ((where, "removed", REMOVED), *_changed(item, where)):
                rest = {name: other for name, other in value.items() if name != key}
                yield inner, kind, rest if changed is REMOVED else {**rest, key: changed}
        return
    if isinstance(value, list):
        yield f"{path}[]", "emptied", []
        for index, item in enumerate(value):
            for inner, kind, changed in _changed(item, f"{path}[]"):
                yield inner, kind, [*value[:index], changed, *value[index + 1 :]]
        return
    yield from ((path, kind, changed) for kind, changed in _weakened(value))


def _weakened(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Secret):
        yield "in plain text", value.value
    elif isinstance(value, bool):
        yield "flipped", not value
    elif isinstance(value, (int, float)):
        yield from (("lowered", value // 2), ("raised", value * 2 + 1))
    elif isinstance(value, str):
        yield from _weakened_text(value)


def _weakened_text(value: str) -> Iterator[tuple[str, Any]]:
    if found := _DURATION.fullmatch(value):
        number = int(found[1])
        yield from (("lowered", f"{number // 2}{found[2]}"), ("raised", f"{number * 2 + 1}{found[2]}"))
    elif _is_range(value):
        yield "opened", "0.0.0.0/0"
    elif _MEMBER.match(value):
        yield "opened", "allUsers"
    elif value.startswith("roles/"):
        yield "opened", "roles/owner"
    else:
        yield "replaced", "mutant"


def _is_range(value: str) -> bool:
    try:
        return "/" in value and bool(ipaddress.ip_network(value, strict=False))
    except ValueError:
        return False


def main() -> None:
    """Print what passes."""
    passed, tried = uncaught(sys.argv[1] if sys.argv[1:] else "prod")
    for mutation, count in sorted(passed.items()):
        sys.stdout.write(f"{mutation.type}  {mutation.path}  {mutation.kind}  ×{count}\n")
    sys.stdout.write(f"{sum(passed.values())} of {tried} mutations are caught by no mandatory rule\n")


if __name__ == "__main__":
    main()
