"""Everything the cdn settings accept."""

from typing import Any

from hypothesis import strategies as st

from infra import catalog
from infra.catalog.cdn_rows import waf_rules

Raw = dict[str, Any]

_labels = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)
_domains = st.builds(lambda one, two: f"{one}.{two}.example.jp", _labels, _labels)
_durations = st.builds(lambda amount: f"{amount} s", st.integers(1, 3_600))


def cdn(project: Raw) -> st.SearchStrategy[Raw]:
    """The cdn settings of a stack with these project settings, as plain values."""
    return st.builds(
        lambda required, optional: {**required, **optional},
        st.fixed_dictionaries(
            {
                "domains": st.lists(_domains, min_size=1, max_size=3, unique=True),
                "backend": _serverless() | _instance_groups(project),
                "rateLimit": _limits(),
            }
        ),
        st.fixed_dictionaries(
            {},
            optional={
                "pathPrefix": st.lists(
                    st.from_regex(r"[a-z0-9][a-z0-9._-]{0,9}", fullmatch=True), min_size=1, max_size=3
                ).map(lambda parts: "/" + "/".join(parts)),
                "firewall": _firewalls(),
                "minTls": st.sampled_from(["TLS_1_2", "TLS_1_3"]),
                "hsts": st.integers(1, 730).map(lambda days: f"{days} days"),
                "logSampling": st.integers(0, 100).map(lambda percent: f"{percent} %"),
            },
        ),
    )


def _serverless() -> st.SearchStrategy[Raw]:
    return st.fixed_dictionaries(
        {"kind": st.just("serverless"), "service": st.from_regex(r"[a-z]([a-z0-9-]{0,18}[a-z0-9])?", fullmatch=True)},
        optional={"region": st.sampled_from(sorted(catalog.regions()))},
    )


def _instance_groups(project: Raw) -> st.SearchStrategy[Raw]:
    zones = catalog.regions()[project["region"]].zones
    groups = st.builds(
        lambda host, zone, name: f"{host}projects/{project['gcpProject']}/zones/{zone}/instanceGroups/{name}",
        st.sampled_from(["", "https://www.googleapis.com/compute/v1/"]),
        st.sampled_from(zones),
        _labels,
    )
    return st.fixed_dictionaries(
        {
            "kind": st.just("instance-group"),
            "groups": st.lists(groups, min_size=1, max_size=4, unique=True),
            "healthPath": st.sampled_from(["/", "/healthz", "/api/v1/health"]),
        },
        optional={
            "portName": _labels,
            "protocol": st.sampled_from(["HTTP", "HTTPS", "HTTP2"]),
            "timeout": _durations,
            "drain": _durations | st.just("0 s"),
        },
    )


def _limits() -> st.SearchStrategy[Raw]:
    requests = st.integers(10, 10_000)
    return st.fixed_dictionaries(
        {"requestsPerMinute": requests}, optional={"action": st.just("throttle")}
    ) | st.fixed_dictionaries(
        {
            "requestsPerMinute": requests,
            "action": st.just("ban"),
            "ban": st.integers(1, 60).map(lambda minutes: f"{minutes} minutes"),
        }
    )


def _firewalls() -> st.SearchStrategy[Raw]:
    return st.fixed_dictionaries(
        {},
        optional={
            "rules": st.lists(st.sampled_from(sorted(waf_rules())), unique=True),
            "sensitivity": st.integers(1, 4),
            "preview": st.booleans(),
        },
    )
