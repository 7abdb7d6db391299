"""The second opinion: what checkov, a rule book that is not ours, says of a stack's plan.

Checkov reads no Pulumi program, so the plan is written as Terraform first. What it finds is waived like a finding of
our own, in `policies/waivers.yaml`, with checkov's id as the rule.
"""

from __future__ import annotations

from collections import Counter

from rich.console import Console

from infra import catalog
from infra.settings import SettingsError
from ops.second_opinion.scan import Scan, ScanError, scan, scanner
from ops.second_opinion.terraform import Rendered, RenderError, render
from ops.urn import type_of
from policies.kit import waivers
from sandbox.plan import PlanError, plan_stack

__all__ = ["RenderError", "Rendered", "Scan", "ScanError", "render", "scan", "scanner", "second_opinion", "tell"]

PASSED, REFUSED, NOT_ASKED = 0, 1, 2


def second_opinion(stack: str) -> int:
    """Scan the plan of a stack and tell the result; 0 nothing refuses it, 1 a finding does, 2 it could not be asked."""
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        checkov = scanner()
        accepted = waivers.load()
        opinion = scan(render(plan_stack(stack).resources), checkov).judged(accepted)
    except (ScanError, RenderError, SettingsError, PlanError, waivers.WaiversError) as error:
        errors.print(f"second opinion on {stack}: {error}", markup=False)
        return NOT_ASKED
    return tell(opinion, stack, accepted, Console(highlight=False, soft_wrap=True))


def tell(opinion: Scan, stack: str, accepted: waivers.Waivers, console: Console) -> int:
    """Print a judged opinion: findings, waivers that nothing needs, checks passed by store; returns the exit code."""
    refused = [each for each in opinion.findings if not each.waiver]
    for finding in opinion.findings:
        console.print(f"  {'waived' if finding.waiver else 'refused'} {finding}", markup=False)
    for row in opinion.unused(accepted, stack):
        console.print(f"  warning: no finding needs this waiver of policies/waivers.yaml any more: {row}", markup=False)
    for line in _by_store(opinion):
        console.print(f"  {line}", markup=False)
    console.print(
        f"second opinion on {stack}, checkov {opinion.version}: {sum(opinion.passed.values())} checks passed, "
        f"{len(refused)} refused, {len(opinion.findings) - len(refused)} waived",
        markup=False,
    )
    return REFUSED if refused else PASSED


def _by_store(opinion: Scan) -> list[str]:
    """One line a type that holds data, with its checks; one for everything else."""
    stores = catalog.stateful_types()
    passed: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for urn, count in opinion.passed.items():
        passed[type_of(urn)] += count
    for finding in opinion.findings:
        failed[type_of(finding.urn)] += 1
    others = set(passed | failed) - set(stores)
    lines = [f"{each}: {passed[each]} passed, {failed[each]} not" for each in sorted(stores) if (passed | failed)[each]]
    rest = (sum(counts[each] for each in others) for counts in (passed, failed))
    return [*lines, "{} other types: {} passed, {} not".format(len(others), *rest)]
