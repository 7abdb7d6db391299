"""Asks rules as the engine does: protocol messages in, diagnostics out, no engine."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2

from policies.all import RULES
from policies.kit import Case, Rule
from policies.kit.analyzer import Analyzer
from policies.kit.values import Secret, encode
from policies.kit.waivers import Waivers
from sandbox.plan import Plan
from sandbox.plan.recorder import SECRET

DAY = dt.date(2026, 11, 25)
NO_WAIVERS = Waivers((), DAY)
MANDATORY = analyzer_pb2.MANDATORY
ADVISORY = analyzer_pb2.ADVISORY

Given = analyzer_pb2.AnalyzerResource
Diagnostic = analyzer_pb2.AnalyzeDiagnostic


def given(  # noqa: PLR0913 # a resource has as many parts
    type_: str,
    inputs: Mapping[str, Any],
    *,
    name: str = "case",
    urn: str = "",
    protect: bool = False,
    ignore_changes: Iterable[str] = (),
    provider: Mapping[str, Any] | None = None,
    dependencies: Iterable[str] = (),
) -> Given:
    """One resource as the engine hands it over; `inputs` may hold UNKNOWN and Secret."""
    resource = Given(
        type=type_,
        urn=urn or f"urn:pulumi:case::triptrip::{type_}::{name}",
        name=name,
        properties=struct(inputs),
        options=analyzer_pb2.AnalyzerResourceOptions(protect=protect, ignoreChanges=ignore_changes),
        dependencies=dependencies,
    )
    if provider is not None:
        resource.provider.properties.CopyFrom(struct(provider))
    return resource


def struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """A message of plain values."""
    message = struct_pb2.Struct()
    message.update(encode(dict(values)))
    return message


def given_case(rule: Rule, case: Case) -> list[Given]:
    """The resources of a rule's case."""
    if case.stack:
        return [given(type_, inputs, name=name) for name, (type_, inputs) in case.stack.items()]
    if rule.whole_stack and not case.inputs and not case.type:
        return []
    return [
        given(
            case.type or rule.types[0],
            case.inputs,
            protect=case.protect,
            ignore_changes=case.ignore_changes,
            provider=case.provider,
        )
    ]


def given_plan(plan: Plan) -> list[Given]:
    """The resources of a plan, secrets marked as such."""
    providers = {each.name: each.inputs for each in plan.resources if each.type.startswith("pulumi:providers:")}
    urns = {each.name: each.urn for each in plan.resources if each.custom}
    return [
        given(
            each.type,
            _marked(each.inputs),
            name=each.name,
            urn=each.urn,
            protect=each.options.get("protect", False),
            ignore_changes=each.options.get("ignoreChanges", ()),
            provider=_marked(providers.get(each.options.get("provider", ""), {})),
            dependencies=[urns[name] for name in each.options.get("dependsOn", ()) if name in urns],
        )
        for each in plan.resources
    ]


def judge(
    resources: Sequence[Given],
    rules: Sequence[Rule] = RULES,
    *,
    levels: Mapping[str, Any] | None = None,
    waivers: Waivers = NO_WAIVERS,
    stack: str = "case",
) -> list[Diagnostic]:
    """Everything that the rules say, resource by resource and then about the stack."""
    analyzer = Analyzer("test", rules, waivers)
    analyzer.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(stack=stack), None)
    analyzer.Configure(configuration(levels or {}), None)
    said: list[Diagnostic] = []
    for each in resources:
        said += _about(each.urn, analyzer.Analyze(request(each), None).diagnostics)
    said += analyzer.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=resources), None).diagnostics
    return said


def request(resource: Given) -> analyzer_pb2.AnalyzeRequest:
    """The request about one resource of a stack."""
    return analyzer_pb2.AnalyzeRequest(
        type=resource.type,
        urn=resource.urn,
        name=resource.name,
        properties=resource.properties,
        options=resource.options,
        provider=resource.provider,
    )


def configuration(levels: Mapping[str, Any]) -> analyzer_pb2.ConfigureAnalyzerRequest:
    """A level file's content as the engine sends it."""
    message = analyzer_pb2.ConfigureAnalyzerRequest()
    for name, row in levels.items():
        parameters = {key: value for key, value in row.items() if key != "enforcementLevel"}
        level = analyzer_pb2.EnforcementLevel.Value(row["enforcementLevel"].upper())
        message.policyConfig[name].enforcementLevel = level
        message.policyConfig[name].properties.update(parameters)
    return message


def refused(said: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The mandatory ones."""
    return [each for each in said if each.enforcementLevel == MANDATORY]


def _about(urn: str, said: Iterable[Diagnostic]) -> list[Diagnostic]:
    named = list(said)
    for each in named:
        each.urn = each.urn or urn
    return named


def _marked(value: Any) -> Any:
    if value == SECRET:
        return Secret("masked")
    if isinstance(value, dict):
        return {key: _marked(item) for key, item in value.items()}
    return [_marked(item) for item in value] if isinstance(value, list) else value
