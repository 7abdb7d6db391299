"""Answers the engine's `Analyzer` calls for one pack (pulumi v3.250.0, `proto/pulumi/analyzer.proto`).

Pulumi's policy SDK sends every resource to every policy anew and knows one level for a policy; this server decodes a
resource once, asks only the rules of its type, and gives each finding a level of its own: a waived one and one that
waits for the update are advisory and say so (docs/adr/0019).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc, plugin_pb2

from policies.kit.evaluate import Finding, Kind, defaults, evaluate
from policies.kit.resource import Node, Resource, Stack
from policies.kit.rule import Level, Rule
from policies.kit.values import decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import grpc

    from policies.kit.waivers import Waiver, Waivers

VERSION = "1.0.0"
WAIVERS = "waivers"
"""Name of the policy under which a pack speaks about waivers themselves."""

_LEVELS = {
    Level.ADVISORY: analyzer_pb2.ADVISORY,
    Level.MANDATORY: analyzer_pb2.MANDATORY,
    Level.REMEDIATE: analyzer_pb2.REMEDIATE,
    Level.DISABLED: analyzer_pb2.DISABLED,
}
_LEVEL_NAMES = {value: level for level, value in _LEVELS.items()}


class Analyzer(analyzer_pb2_grpc.AnalyzerServicer):
    """One pack's rules for one run of the engine."""

    def __init__(self, pack: str, rules: Sequence[Rule], waivers: Waivers) -> None:
        self._pack = pack
        self._rules = rules
        self._waivers = waivers
        self._stack = ""
        self._levels = {rule.id: rule.level for rule in rules}
        self._parameters = {rule.id: defaults(rule) for rule in rules}
        self._inputs: dict[str, Resource] = {}
        self._by_type: dict[str, tuple[list[Rule], list[analyzer_pb2.PolicyNotApplicable]]] = {}
        self._used: set[Waiver] = set()

    def Handshake(  # noqa: N802 # gRPC method name; the same below
        self, request: analyzer_pb2.AnalyzerHandshakeRequest, context: grpc.ServicerContext | None
    ) -> analyzer_pb2.AnalyzerHandshakeResponse:
        """Accept; nothing of the engine's is needed."""
        del request, context
        return analyzer_pb2.AnalyzerHandshakeResponse()

    def GetPluginInfo(  # noqa: N802
        self, request: empty_pb2.Empty, context: grpc.ServicerContext | None
    ) -> plugin_pb2.PluginInfo:
        """Give the pack's version."""
        del request, context
        return plugin_pb2.PluginInfo(version=VERSION)

    def ConfigureStack(  # noqa: N802
        self, request: analyzer_pb2.AnalyzerStackConfigureRequest, context: grpc.ServicerContext | None
    ) -> analyzer_pb2.AnalyzerStackConfigureResponse:
        """Learn which stack is looked at."""
        del context
        self._stack = request.stack
        return analyzer_pb2.AnalyzerStackConfigureResponse()

    def Configure(  # noqa: N802
        self, request: analyzer_pb2.ConfigureAnalyzerRequest, context: grpc.ServicerContext | None
    ) -> empty_pb2.Empty:
        """Take levels and parameters, which the engine has checked against each rule's schema."""
        del context
        for rule in self._rules:
            if rule.id in request.policyConfig:
                given = request.policyConfig[rule.id]
                self._levels[rule.id] = _LEVEL_NAMES[given.enforcementLevel]
                known = {name: value for name, value in decode(given.properties).items() if name in rule.parameters}
                self._parameters[rule.id].update(known)
        return empty_pb2.Empty()

    def GetAnalyzerInfo(  # noqa: N802
        self, request: empty_pb2.Empty, context: grpc.ServicerContext | None
    ) -> analyzer_pb2.AnalyzerInfo:
        """Describe the pack and its rules."""
        del request, context
        policies = [_described(rule) for rule in self._rules]
        policies.append(
            analyzer_pb2.PolicyInfo(
                name=WAIVERS,
                displayName="Waivers are in force, used and not expired",
                enforcementLevel=analyzer_pb2.MANDATORY,
                policy_type=analyzer_pb2.POLICY_TYPE_STACK,
            )
        )
        return analyzer_pb2.AnalyzerInfo(name=self._pack, version=VERSION, supportsConfig=True, policies=policies)

    def Analyze(  # noqa: N802
        self, request: analyzer_pb2.AnalyzeRequest, context: grpc.ServicerContext | None
    ) -> analyzer_pb2.AnalyzeResponse:
        """Run the rules of a resource's type on its inputs."""
        del context
        resource = resource_of(request)
        self._inputs[resource.urn] = resource
        rules, others = self._rules_of(resource.type)
        findings = self._found(rules, resource)
        return analyzer_pb2.AnalyzeResponse(
            diagnostics=[self._diagnostic(each) for each in findings], not_applicable=others
        )

    def AnalyzeStack(  # noqa: N802
        self, request: analyzer_pb2.AnalyzeStackRequest, context: grpc.ServicerContext | None
    ) -> analyzer_pb2.AnalyzeResponse:
        """Run the rules of whole stacks, then speak about the waivers.

        The rules read the inputs that each resource was analysed with: outputs repeat them, less what is unknown.
        """
        del context
        stack = Stack(self._with_outputs(each) for each in request.resources)
        findings = self._found((rule for rule in self._rules if rule.whole_stack), stack)
        response = analyzer_pb2.AnalyzeResponse(diagnostics=[self._diagnostic(each) for each in findings])
        response.diagnostics.extend(self._about_waivers())
        return response

    def Remediate(  # noqa: N802
        self, request: analyzer_pb2.AnalyzeRequest, context: grpc.ServicerContext | None
    ) -> analyzer_pb2.RemediateResponse:
        """Mend what a rule at level `remediate` can mend; a rule without a remedy stays mandatory."""
        del context
        rules, _ = self._rules_of(request.type)
        remedies = [(rule, rule.remedy) for rule in rules if rule.remedy and self._levels[rule.id] == Level.REMEDIATE]
        response = analyzer_pb2.RemediateResponse()
        if not remedies:
            return response
        resource = resource_of(request)
        for rule, remedy in remedies:
            broken = [
                each for each in evaluate(rule, resource, self._parameters[rule.id]) if each.kind is Kind.VIOLATION
            ]
            if not broken:
                continue
            resource = replace(resource, values=remedy(dict(resource.values)))
            properties = struct_pb2.Struct()
            properties.update(encode(dict(resource.values)))
            response.remediations.append(
                analyzer_pb2.Remediation(
                    policyName=rule.id,
                    policyPackName=self._pack,
                    policyPackVersion=VERSION,
                    description=rule.title,
                    properties=properties,
                )
            )
        return response

    def Cancel(  # noqa: N802
        self, request: empty_pb2.Empty, context: grpc.ServicerContext | None
    ) -> empty_pb2.Empty:
        """Nothing runs for longer than a moment."""
        del request, context
        return empty_pb2.Empty()

    def _rules_of(self, type_: str) -> tuple[list[Rule], list[analyzer_pb2.PolicyNotApplicable]]:
        """The rules that look at resources of a type, and the names of all others, for the engine's own summary."""
        if type_ not in self._by_type:
            mine = [rule for rule in self._rules if not rule.whole_stack and rule.applies_to(type_)]
            others = [rule for rule in self._rules if not rule.whole_stack and not rule.applies_to(type_)]
            self._by_type[type_] = (mine, [analyzer_pb2.PolicyNotApplicable(policy_name=rule.id) for rule in others])
        return self._by_type[type_]

    def _found(self, rules: Iterable[Rule], subject: Resource | Stack) -> Iterator[Finding]:
        for rule in rules:
            if self._levels[rule.id] != Level.DISABLED:
                yield from evaluate(rule, subject, self._parameters[rule.id])

    def _diagnostic(self, finding: Finding) -> analyzer_pb2.AnalyzeDiagnostic:
        level = self._levels[finding.rule.id]
        message = finding.explained
        if finding.kind is Kind.UNDECIDED:
            level, message = Level.ADVISORY, f"{finding.message} (level afterwards: {level})"
        elif finding.kind is Kind.VIOLATION and (waiver := self._waivers.covering(finding.rule.id, finding.urn)):
            self._used.add(waiver)
            level = Level.ADVISORY
            message = f"waived until {waiver.expires} by {waiver.owner}: {waiver.reason}\n{finding.message}"
        return analyzer_pb2.AnalyzeDiagnostic(
            policyName=finding.rule.id,
            policyPackName=self._pack,
            policyPackVersion=VERSION,
            description=finding.rule.title,
            message=message,
            urn=finding.urn,
            # What is left of a violation after its remedy is refused.
            enforcementLevel=_LEVELS[Level.MANDATORY if level == Level.REMEDIATE else level],
            severity=_severity(finding.rule),
        )

    def _about_waivers(self) -> Iterator[analyzer_pb2.AnalyzeDiagnostic]:
        mine = self._waivers.of({rule.id for rule in self._rules}, self._stack)
        for waiver in mine:
            if waiver.expired(self._waivers.today):
                yield self._waiver_diagnostic(analyzer_pb2.MANDATORY, f"expired, renew it or mend the cause: {waiver}")
            elif waiver not in self._used:
                yield self._waiver_diagnostic(analyzer_pb2.ADVISORY, f"used by no finding, remove it: {waiver}")

    def _waiver_diagnostic(
        self, level: analyzer_pb2.EnforcementLevel.ValueType, message: str
    ) -> analyzer_pb2.AnalyzeDiagnostic:
        return analyzer_pb2.AnalyzeDiagnostic(
            policyName=WAIVERS,
            policyPackName=self._pack,
            policyPackVersion=VERSION,
            description="policies/waivers.yaml",
            message=message,
            enforcementLevel=level,
        )

    def _with_outputs(self, given: analyzer_pb2.AnalyzerResource) -> Resource:
        inputs = self._inputs.get(given.urn) or resource_of(given)
        return replace(inputs, outputs=decode(given.properties), dependencies=frozenset(given.dependencies))


def resource_of(request: analyzer_pb2.AnalyzeRequest | analyzer_pb2.AnalyzerResource) -> Resource:
    """What a rule reads of a resource that the engine hands over."""
    return Resource(
        values=decode(request.properties),
        urn=request.urn,
        type=request.type,
        name=request.name,
        protect=request.options.protect,
        ignore_changes=tuple(request.options.ignoreChanges),
        provider=Node(decode(request.provider.properties), "provider"),
    )


def _described(rule: Rule) -> analyzer_pb2.PolicyInfo:
    info = analyzer_pb2.PolicyInfo(
        name=rule.id,
        displayName=rule.title,
        description=rule.title,
        enforcementLevel=_LEVELS[rule.level],
        policy_type=analyzer_pb2.POLICY_TYPE_STACK if rule.whole_stack else analyzer_pb2.POLICY_TYPE_RESOURCE,
        severity=_severity(rule),
        remediation_steps=rule.fix,
        tags=rule.sources,
    )
    for name, parameter in rule.parameters.items():
        info.configSchema.properties.update({name: parameter.schema()})
    return info


def _severity(rule: Rule) -> analyzer_pb2.PolicySeverity.ValueType:
    return analyzer_pb2.PolicySeverity.Value(f"POLICY_SEVERITY_{rule.severity.upper()}")
