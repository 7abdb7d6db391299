"""What each difference means, why it matters, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from infra import catalog
from ops.drift.rules import Benign, Expected, Rules, Security, rules
from ops.drift.values import SECRET, holds_secret, names_of, replaced, shown, text_of
from ops.gate.protections import protections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.drift.differences import Difference, Refresh

Kind = Literal["security", "expected", "benign"]
KINDS: tuple[Kind, ...] = ("security", "expected", "benign")

_BACK = "`pulumi up --refresh` puts it back; if it is to stay, write it into the stack file"
_IGNORED = "a deployment leaves it as it is; `pulumi refresh` takes it into the state"
_BY_HAND = "a deployment leaves it as it is: put it back by hand, or change the bound in the stack file"
_REPLACES = "`pulumi up --refresh` puts it back by replacing the resource: read the preview first"
_LOSES = "no `pulumi up`: it would replace what holds or guards data; docs/runbooks/drift.md, section 4"
_EMPTY = "no `pulumi up`: it would make an empty one; docs/runbooks/drift.md, section 3"
_ANEW = "`pulumi up --refresh` makes it anew"
_GUARDS = {"protection": "guard", "retention": "retention"}
_LESS = {"protection": "a guard against loss is weaker than declared", "retention": "data is kept for a shorter time"}
_MORE = "the cloud guards more than is declared"
_UNNAMED = "no row of ops/drift/rules.yaml names it: it is looked at until one does"


@dataclass(frozen=True)
class Finding:
    """A difference with its meaning: `concern` is what is at stake, empty where nothing is; `action` what to do."""

    difference: Difference
    kind: Kind
    concern: str
    why: str
    action: str

    @property
    def what(self) -> str:
        """The property with both values, or that the resource is gone."""
        difference = self.difference
        if difference.gone:
            return "is gone from the cloud"
        declared, found = self.values
        return f"{text_of(difference.path)}: {declared} → {found}"

    @property
    def values(self) -> tuple[str, str]:
        """What is declared and what was found, as a person reads it: where one is a secret, so is the other."""
        both = (self.difference.declared, self.difference.found)
        if any(holds_secret(value) for value in both):
            return (SECRET, SECRET)
        declared, found = (shown(self.difference.path, value) for value in both)
        return declared, found


@dataclass(frozen=True)
class Drift:
    """Findings about a stack, what matters first; `failed` is the CLI's output when it could not read all."""

    stack: str
    findings: Sequence[Finding]
    resources: int
    failed: str = ""

    def of(self, kind: Kind) -> list[Finding]:
        """The findings of one kind."""
        return [each for each in self.findings if each.kind == kind]


def judge(stack: str, refresh: Refresh, failed: str = "") -> Drift:
    """Every difference judged by the rules of this package and by what the gate guards."""
    findings = [finding(each, rules()) for each in refresh.differences]
    findings.sort(key=lambda one: (KINDS.index(one.kind), one.difference.urn, text_of(one.difference.path)))
    return Drift(stack, findings, refresh.resources, failed)


def finding(difference: Difference, known: Rules) -> Finding:
    """What one difference means; there is none that means nothing."""
    if difference.gone:
        held = catalog.stateful_types().get(difference.type)
        guarded = catalog.guardian_types().get(difference.type)
        why = f"it is: {held or guarded}" if held or guarded else "somebody deleted it, or it was replaced elsewhere"
        return Finding(difference, "security", "gone", why, _EMPTY if held else _ANEW)
    known_guard = _guarded(difference)
    if known_guard:
        return known_guard
    rule = known.deciding(difference.type, names_of(difference.path))
    if isinstance(rule, Expected):
        return _within(difference, rule)
    if isinstance(rule, Benign):
        return Finding(difference, "benign", "", rule.reason, _action(difference))
    if isinstance(rule, Security):
        return Finding(difference, "security", rule.concern, rule.reason, _action(difference))
    return Finding(difference, "security", "unnamed", _UNNAMED, _action(difference))


def _guarded(difference: Difference) -> Finding | None:
    """What the gate's guards say of a property that is one, lies in one or holds some."""
    names = names_of(difference.path)
    after = replaced(difference.inputs, difference.path, difference.found)
    inside = False
    for guard in protections().types.get(difference.type, ()):
        own = tuple(guard.path.split("."))
        if own[: len(names)] != names and names[: len(own)] != own:
            continue
        if guard.weakened(difference.inputs, after):
            return Finding(difference, "security", _GUARDS[guard.kind], _LESS[guard.kind], _action(difference))
        inside = inside or names[: len(own)] == own
    return Finding(difference, "benign", "", _MORE, _action(difference)) if inside else None


def _within(difference: Difference, rule: Expected) -> Finding:
    broken = rule.broken(difference.path, difference.declared, difference.found, difference.inputs)
    if not broken:
        return Finding(difference, "expected", "", rule.reason, f"nothing; {_IGNORED}")
    action = _action(difference) if difference.told else _BY_HAND
    return Finding(difference, "security", "size", f"{broken} ({rule.reason})", action)


def _action(difference: Difference) -> str:
    if difference.replaces:
        kept = {**catalog.stateful_types(), **catalog.guardian_types()}
        return _LOSES if difference.type in kept else _REPLACES
    return _BACK if difference.told else _IGNORED
