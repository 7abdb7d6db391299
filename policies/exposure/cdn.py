"""The API's load balancer: a firewall in front of every backend, and a log of its requests."""

import re
from collections.abc import Iterator, Sequence

from policies.kit import Case, Node, Parameter, Resource, Severity, Stack, last_part, must_be, rule, stated
from policies.kit.types import BACKEND_SERVICE, SECURITY_POLICY
from policies.kit.waiting import about_each, some_of

_SCHEMES = ("EXTERNAL_MANAGED", "INTERNAL_MANAGED", "INTERNAL_SELF_MANAGED")
_POLICY_ID = "projects/p/global/securityPolicies/api"
_LAST = 2147483647
_WAF = re.compile(r"evaluatePreconfiguredWaf\('([a-z0-9-]+)'")
_REFUSES = re.compile(r"deny\(4\d\d\)")
_LIMITS = ("throttle", "rate_based_ban")
_SETS = ("sqli-v33-stable", "xss-v33-stable", "lfi-v33-stable", "rce-v33-stable")


def _behind(**backend: object) -> Case:
    kept = {"loadBalancingScheme": "EXTERNAL_MANAGED", "securityPolicy": _POLICY_ID}
    return Case(stack={"policy": (SECURITY_POLICY, {"name": "api"}), "api": (BACKEND_SERVICE, {**kept, **backend})})


@rule(
    "cdn-armor",
    title="Every backend of the load balancer stands behind the firewall",
    severity=Severity.HIGH,
    types=[BACKEND_SERVICE, SECURITY_POLICY],
    sources=["NIST 800-53: SC-7", "NIST 800-53: SC-5", "CACHE-LAYERS"],
    reason="a backend without a security policy takes every attack and every flood straight to the API",
    fix="set securityPolicy to the policy of this stack, and loadBalancingScheme to EXTERNAL_MANAGED",
    good=[_behind()],
    bad=[
        _behind(securityPolicy=None),
        _behind(securityPolicy="projects/p/global/securityPolicies/other"),
        _behind(loadBalancingScheme="EXTERNAL"),
        _behind(loadBalancingScheme=None),
        Case(
            stack={"api": (BACKEND_SERVICE, {"loadBalancingScheme": "EXTERNAL_MANAGED", "securityPolicy": _POLICY_ID})}
        ),
    ],
)
def armor(stack: Stack) -> Iterator[tuple[Resource, str]]:
    policies = stack.of(SECURITY_POLICY)

    def check(backend: Resource) -> Iterator[tuple[Resource, str]]:
        if backend.get("loadBalancingScheme") not in _SCHEMES:
            yield backend, stated(backend, "loadBalancingScheme", "EXTERNAL_MANAGED")
        named = last_part(backend.text("securityPolicy"))
        if not (named and some_of(policies, lambda policy: policy.text("name") == named)):
            yield backend, stated(backend, "securityPolicy", "a security policy of this stack")

    yield from about_each(stack.of(BACKEND_SERVICE), check)


@rule(
    "cdn-logs",
    title="The load balancer records requests",
    severity=Severity.MEDIUM,
    types=[BACKEND_SERVICE],
    sources=["NIST 800-53: AU-12", "NIST 800-53: SI-4", "DASH"],
    reason="without a log nobody sees an attack, and the hit rate of the cache cannot be told",
    fix="set cdn.logSampling in the stack file",
    parameters={"sampled": Parameter(10, "Per cent of the requests that are recorded at least")},
    good=[
        Case({"logConfig": {"enable": True, "sampleRate": 0.1}}),
        Case({"logConfig": {"enable": True, "sampleRate": 1}}),
    ],
    bad=[
        Case({}),
        Case({"logConfig": {"enable": False, "sampleRate": 1}}),
        Case({"logConfig": {"enable": True, "sampleRate": 0.0}}),
        Case({"logConfig": {"enable": True, "sampleRate": 0.05}}),
        Case({"logConfig": {"enable": True, "sampleRate": 1.2}}),
        Case({"logConfig": {"enable": True}}),
    ],
)
def logs(backend: Resource, sampled: int) -> Iterator[str]:
    yield from must_be(backend, "logConfig.enable", True)
    rate = backend.number("logConfig.sampleRate")
    if rate is None or not sampled / 100 <= rate <= 1:
        yield f"logConfig.sampleRate is {backend.shown('logConfig.sampleRate')}; it must be from {sampled / 100:g} to 1"


def _attack(set_: str, priority: int | None = 1000, **inputs: object) -> dict[str, object]:
    match = {"expr": {"expression": f"evaluatePreconfiguredWaf('{set_}', {{'sensitivity': 1}})"}}
    return {"action": "deny(403)", "priority": priority, "match": match, **inputs}


_ANYBODY = {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}}
_EVERYBODY_ELSE = {"action": "allow", "priority": _LAST, "match": _ANYBODY}


def _limit(priority: int = 10000, count: int = 1200, seconds: int = 60, **options: object) -> dict[str, object]:
    threshold = {"count": count, "intervalSec": seconds}
    kept = {"conformAction": "allow", "exceedAction": "deny(429)", "enforceOnKey": "IP"}
    return {
        "action": "throttle",
        "priority": priority,
        "match": _ANYBODY,
        "rateLimitOptions": {**kept, "rateLimitThreshold": threshold, **options},
    }


def _policy(*rules: dict[str, object]) -> Case:
    return Case({"type": "CLOUD_ARMOR", "rules": list(rules)})


_ATTACKS = [_attack(each) for each in _SETS]


@rule(
    "cdn-armor-attacks",
    title="The firewall refuses known attacks",
    severity=Severity.HIGH,
    types=[SECURITY_POLICY],
    sources=["NIST 800-53: SI-4", "NIST 800-53: SC-7"],
    reason="a rule in preview refuses nothing, and one that comes after a rule for everybody is never asked",
    fix="set cdn.firewall.rules in the stack file, and not cdn.firewall.preview",
    parameters={"sets": Parameter(_SETS, "Google's sets of known attacks that are refused")},
    good=[_policy(*_ATTACKS, _limit(), _EVERYBODY_ELSE)],
    bad=[
        _policy(_limit(), _EVERYBODY_ELSE),
        _policy(),
        _policy(*_ATTACKS[1:], _limit(), _EVERYBODY_ELSE),
        _policy(*_ATTACKS[1:], _attack(_SETS[0], preview=True), _limit(), _EVERYBODY_ELSE),
        _policy(*_ATTACKS[1:], _attack(_SETS[0], action="allow"), _limit(), _EVERYBODY_ELSE),
        _policy(*_ATTACKS[1:], _attack(_SETS[0], priority=20000), _limit(), _EVERYBODY_ELSE),
        _policy(*_ATTACKS, {"action": "allow", "priority": 1, "match": _ANYBODY}, _EVERYBODY_ELSE),
        _policy(*_ATTACKS[1:], _attack(_SETS[0], priority=None), _limit(), _EVERYBODY_ELSE),
        Case({"type": "CLOUD_ARMOR_EDGE", "rules": [*_ATTACKS, _limit(), _EVERYBODY_ELSE]}),
    ],
)
def armor_attacks(policy: Resource, sets: Sequence[str]) -> Iterator[str]:
    yield from must_be(policy, "type", "CLOUD_ARMOR")
    rules = policy.nodes("rules")
    refused = {found for each in rules if _refuses(each) for found in _WAF.findall(each.text("match.expr.expression"))}
    if missing := [each for each in sets if each not in refused]:
        yield f"rules refuse no {', '.join(missing)}"
    yield from (f"{each.where} is in preview" for each in rules if each.get("preview"))
    yield from (f"{each.where}.priority is not set" for each in rules if each.number("priority") is None)
    first = min((each.number("priority") or 0 for each in rules if _lets_anybody_in(each)), default=_LAST)
    for each in rules:
        if _WAF.search(each.text("match.expr.expression")) and (each.number("priority") or 0) > first:
            yield f"{each.where} comes after a rule that lets everybody in"
        if each.get("action") == "allow" and each.get("priority") != _LAST:
            yield f"{each.where} lets somebody in before the attacks are looked for"


def _refuses(entry: Node) -> bool:
    return bool(_REFUSES.fullmatch(entry.text("action"))) and not entry.get("preview")


def _lets_anybody_in(entry: Node) -> bool:
    return entry.text("action") in ("allow", *_LIMITS) and "*" in entry.texts("match.config.srcIpRanges")


def _is_for_anybody(entry: Node) -> bool:
    return entry.get("match.versionedExpr") == "SRC_IPS_V1" and "*" in entry.texts("match.config.srcIpRanges")


@rule(
    "cdn-armor-limit",
    title="The firewall limits the requests of an address",
    severity=Severity.HIGH,
    types=[SECURITY_POLICY],
    sources=["NIST 800-53: SC-5", "RDS-USE"],
    reason="without a limit one address can keep the whole API busy, and try passwords without end",
    fix="set cdn.rateLimit in the stack file",
    parameters={"requests": Parameter(1200, "Requests a minute that one address may make at most")},
    good=[
        _policy(_limit(), _EVERYBODY_ELSE),
        _policy(_limit(count=120), _EVERYBODY_ELSE),
        _policy({**_limit(), "action": "rate_based_ban"}, _EVERYBODY_ELSE),
    ],
    bad=[
        _policy(_EVERYBODY_ELSE),
        _policy(_limit(count=100000), _EVERYBODY_ELSE),
        _policy(_limit(seconds=10), _EVERYBODY_ELSE),
        _policy(_limit(exceedAction="allow"), _EVERYBODY_ELSE),
        _policy(_limit(enforceOnKey="ALL"), _EVERYBODY_ELSE),
        _policy(_limit(conformAction="deny(403)"), _EVERYBODY_ELSE),
        _policy({**_limit(), "preview": True}, _EVERYBODY_ELSE),
        _policy({**_limit(), "match": {"config": {"srcIpRanges": ["203.0.113.8/32"]}}}, _EVERYBODY_ELSE),
        _policy({**_limit(), "rateLimitOptions": {}}, _EVERYBODY_ELSE),
    ],
)
def armor_limit(policy: Resource, requests: int) -> Iterator[str]:
    if not any(_limits(each, requests) for each in policy.nodes("rules")):
        yield f"no rule holds every address to {requests} requests a minute"


def _limits(entry: Node, requests: int) -> bool:
    count = entry.number("rateLimitOptions.rateLimitThreshold.count")
    seconds = entry.number("rateLimitOptions.rateLimitThreshold.intervalSec")
    return (
        entry.text("action") in _LIMITS
        and not entry.get("preview")
        and _is_for_anybody(entry)
        and entry.get("rateLimitOptions.conformAction") == "allow"
        and bool(_REFUSES.fullmatch(entry.text("rateLimitOptions.exceedAction")))
        and entry.text("rateLimitOptions.enforceOnKey") in ("IP", "XFF_IP")
        and bool(count and seconds)
        and (count or 0) * 60 <= requests * (seconds or 0)
    )


@rule(
    "cdn-armor-default",
    title="The firewall says what becomes of everybody else",
    severity=Severity.MEDIUM,
    types=[SECURITY_POLICY],
    sources=["NIST 800-53: SC-7"],
    reason="without a last rule of our own Google adds one, and a change of it is seen by nobody",
    fix="keep the rule of priority 2147483647",
    good=[_policy(_EVERYBODY_ELSE), _policy({**_EVERYBODY_ELSE, "action": "deny(403)"})],
    bad=[
        _policy(),
        _policy({**_EVERYBODY_ELSE, "priority": 5}),
        _policy({**_EVERYBODY_ELSE, "action": "redirect"}),
        _policy({**_EVERYBODY_ELSE, "match": {"config": {"srcIpRanges": ["203.0.113.8/32"]}}}),
    ],
)
def armor_default(policy: Resource) -> Iterator[str]:
    last = [each for each in policy.nodes("rules") if each.get("priority") == _LAST]
    if not any(
        _is_for_anybody(each) and (each.text("action") == "allow" or _REFUSES.fullmatch(each.text("action")))
        for each in last
    ):
        yield f"no rule of priority {_LAST} is for everybody else"
