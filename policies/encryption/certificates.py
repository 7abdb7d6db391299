"""Certificates of the API's public names: each name has one, made and renewed by Google, with proof of the name."""

from collections.abc import Iterator

from policies.kit import Case, Resource, Severity, Stack, rule, stated
from policies.kit.references import declared
from policies.kit.types import CERTIFICATE, CERTIFICATE_ENTRY, CERTIFICATE_MAP, DOMAIN_PROOF, HTTPS_PROXY, URL_MAP
from policies.kit.waiting import about_each, some_of

_CERTIFICATES = "projects/p/locations/global"
_NAME = "api.triptrip.jp"
_About = Iterator[tuple[Resource | None, str]]

_Declared = tuple[str, dict[str, object]]

_PROXY: _Declared = (
    HTTPS_PROXY,
    {
        "certificateMap": f"//certificatemanager.googleapis.com/{_CERTIFICATES}/certificateMaps/api",
        "urlMap": "projects/p/global/urlMaps/api",
    },
)
_URL_MAP: _Declared = (URL_MAP, {"name": "api", "hostRules": [{"hosts": [_NAME]}]})
_MAP: _Declared = (CERTIFICATE_MAP, {"name": "api"})
_ENTRY: _Declared = (
    CERTIFICATE_ENTRY,
    {"map": "api", "hostname": _NAME, "certificates": [f"{_CERTIFICATES}/certificates/c"]},
)


def _entry(**inputs: object) -> _Declared:
    return (CERTIFICATE_ENTRY, {**_ENTRY[1], **inputs})


def _front(**resources: _Declared | None) -> Case:
    kept = {"proxy": _PROXY, "routes": _URL_MAP, "map": _MAP, "entry": _ENTRY, **resources}
    return Case(stack={name: each for name, each in kept.items() if each})


@rule(
    "cdn-certificate-map",
    title="Every public name that is served has an entry in the certificate map",
    severity=Severity.HIGH,
    types=[HTTPS_PROXY, URL_MAP, CERTIFICATE_MAP, CERTIFICATE_ENTRY],
    sources=["NIST 800-53: SC-8", "NIST 800-53: SC-17"],
    reason="a browser refuses a name without a certificate, and whoever clicks the warning away can be read",
    fix="list the name in cdn.domains in the stack file",
    good=[_front()],
    bad=[
        _front(map=None),
        _front(entry=None),
        _front(entry=_entry(hostname="other.triptrip.jp")),
        _front(entry=_entry(map="other")),
        _front(proxy=(HTTPS_PROXY, {"urlMap": _PROXY[1]["urlMap"]})),
        _front(proxy=(HTTPS_PROXY, {**_PROXY[1], "sslCertificates": ["projects/p/global/sslCertificates/old"]})),
        _front(routes=None),
        _front(routes=(URL_MAP, {"name": "api", "hostRules": [{"hosts": [_NAME, "www.triptrip.jp"]}]})),
    ],
)
def certificate_map(stack: Stack) -> _About:
    def check(proxy: Resource) -> Iterator[tuple[Resource, str]]:
        if proxy.has("sslCertificates"):
            yield proxy, "sslCertificates is set; certificates of the map alone are renewed by Google"
        maps = declared(stack, proxy, "certificateMap", CERTIFICATE_MAP)
        if not maps:
            yield proxy, stated(proxy, "certificateMap", "a certificate map of this stack")
        behind = declared(stack, proxy, "urlMap", URL_MAP)
        if not behind:
            yield proxy, stated(proxy, "urlMap", "a URL map of this stack")
        for routes in behind:
            hosts = [host for rules in routes.nodes("hostRules") for host in rules.texts("hosts")]
            yield from about_each(hosts, lambda host: _without_entry(stack, proxy, maps, host))

    yield from about_each(stack.of(HTTPS_PROXY), check)


def _without_entry(stack: Stack, proxy: Resource, maps: list[Resource], host: str) -> Iterator[tuple[Resource, str]]:
    def is_its(entry: Resource) -> bool:
        its_map = any(each in maps for each in declared(stack, entry, "map", CERTIFICATE_MAP))
        return its_map and entry.text("hostname") in (host, f"*.{host.partition('.')[2]}")

    if not some_of(stack.of(CERTIFICATE_ENTRY), is_its):
        yield proxy, f"the certificate map has no entry for {host}"


_PROOF: _Declared = (DOMAIN_PROOF, {"name": "proof", "domain": _NAME})
_MANAGED: dict[str, object] = {"domains": [_NAME], "dnsAuthorizations": [f"{_CERTIFICATES}/dnsAuthorizations/proof"]}


def _certified(
    entry: _Declared = _ENTRY,
    proof: _Declared | None = _PROOF,
    managed: dict[str, object] | None = None,
    **inputs: object,
) -> Case:
    certificate = (CERTIFICATE, {"name": "c", "managed": {**_MANAGED, **(managed or {})}, **inputs})
    kept = {"entry": entry, "certificate": certificate, "proof": proof}
    return Case(stack={name: each for name, each in kept.items() if each})


@rule(
    "cdn-certificates",
    title="Certificates cover their names and are made by Google, with proof of the name",
    severity=Severity.HIGH,
    types=[CERTIFICATE, CERTIFICATE_ENTRY, DOMAIN_PROOF],
    sources=["NIST 800-53: SC-17", "NIST 800-53: SC-12"],
    reason="a certificate of one's own has a private key to lose and a last day to forget",
    fix="keep what infra/components/cdn.py declares for each name of cdn.domains",
    good=[_certified()],
    bad=[
        _certified(entry=_entry(certificates=[])),
        _certified(entry=_entry(certificates=[f"{_CERTIFICATES}/certificates/other"])),
        _certified(entry=_entry(hostname="www.triptrip.jp")),
        _certified(proof=None),
        _certified(proof=(DOMAIN_PROOF, {"name": "proof", "domain": "other.jp"})),
        _certified(managed={"domains": []}),
        _certified(managed={"dnsAuthorizations": []}),
        _certified(managed=None, selfManaged={"pemCertificate": "x"}),
    ],
)
def certificates(stack: Stack) -> _About:
    def check(resource: Resource) -> Iterator[tuple[Resource, str]]:
        check_one = _of_entry if resource.type == CERTIFICATE_ENTRY else _of_certificate
        yield from ((resource, message) for message in check_one(stack, resource))

    yield from about_each(stack.of(CERTIFICATE_ENTRY, CERTIFICATE), check)


def _of_entry(stack: Stack, entry: Resource) -> Iterator[str]:
    found = declared(stack, entry, "certificates", CERTIFICATE)
    if not some_of(found, lambda each: entry.text("hostname") in each.texts("managed.domains")):
        yield f"no certificate of this stack that the entry names covers {entry.shown('hostname')}"


def _of_certificate(stack: Stack, certificate: Resource) -> Iterator[str]:
    if certificate.has("selfManaged"):
        yield "selfManaged is set; Google must make and renew the certificate"
    domains = certificate.texts("managed.domains")
    if not domains:
        yield stated(certificate, "managed.domains", "the names that it is for")
    proofs = declared(stack, certificate, "managed.dnsAuthorizations", DOMAIN_PROOF)
    proven = {proof.text("domain") for proof in proofs}
    for domain in domains:
        if domain.removeprefix("*.") not in proven:
            yield f"managed.dnsAuthorizations holds no proof of {domain} from this stack"
