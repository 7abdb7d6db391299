"""Everything the timescale settings accept; ids are drawn so that no YAML reader takes one for a number."""

from typing import Any

from hypothesis import strategies as st

from infra.catalog import timescale_rows

_names = st.from_regex(r"[a-z](?:[a-z0-9-]{0,7}[a-z0-9])?", fullmatch=True)
_texts = st.from_regex(r"[a-z][a-z0-9-]{0,11}", fullmatch=True)
_aws_regions = st.sampled_from(["ap-northeast-1", "ap-northeast-3", "us-gov-west-1", "eu-central-2"])
_sizes = st.sampled_from(sorted(timescale_rows.computes()))


@st.composite
def timescale(draw: st.DrawFn, project: dict[str, Any]) -> dict[str, Any]:
    """The timescale settings of a stack with these project settings, as plain values."""
    region = draw(st.sampled_from(sorted(timescale_rows.cloud_regions())))
    replicas, pooler = draw(st.integers(0, 2)), draw(st.booleans())
    replica = draw(st.none() | st.fixed_dictionaries({"compute": _sizes}, optional={"nodes": st.integers(1, 10)}))
    return {
        "projectId": draw(st.from_regex(r"[a-z][a-z0-9]{9}", fullmatch=True)),
        "region": region,
        "environmentTag": "PROD" if project["environment"] == "prod" else draw(st.sampled_from(["PROD", "DEV"])),
        "compute": draw(_sizes),
        "haReplicas": replicas,
        "syncReplicas": draw(st.integers(0, 1)) if replicas == 2 else 0,
        "connectionPooler": pooler,
        "clients": draw(
            st.dictionaries(_names, _clients(pooler=pooler, replica=replica is not None), min_size=1, max_size=3)
        ),
        **({"readReplica": replica} if replica else {}),
        **draw(
            st.fixed_dictionaries(
                {}, optional={"dataTiering": st.booleans(), "passwordVersion": st.integers(1, 1_000_000)}
            )
        ),
        **(draw(_surroundings()) if region.startswith("aws/") else {}),
    }


@st.composite
def _clients(draw: st.DrawFn, *, pooler: bool, replica: bool) -> dict[str, Any]:
    pooled = pooler and draw(st.booleans())
    write_alone = pooled and not replica
    endpoints = [["write"]] if write_alone else [["write"], ["read"], ["write", "read"], ["read", "write"]]
    said = pooled or draw(st.booleans())
    return {"endpoints": draw(st.sampled_from(endpoints)), **({"pooled": pooled} if said else {})}


@st.composite
def _surroundings(draw: st.DrawFn) -> dict[str, Any]:
    """What stands on AWS alone; the ranges keep away from the network strategy's."""
    exporter = {
        "region": _aws_regions,
        "roleArn": _texts.map(lambda name: f"arn:aws:iam::123456789012:role/{name}"),
        "logGroup": _texts,
        "logStream": _texts,
    }
    return draw(
        st.fixed_dictionaries(
            {},
            optional={
                "vpc": _vpc(),
                "metricExporter": st.fixed_dictionaries({**exporter, "namespace": _texts}),
                "logExporter": st.fixed_dictionaries(exporter),
            },
        )
    )


@st.composite
def _vpc(draw: st.DrawFn) -> dict[str, Any]:
    ranges = [f"10.{number}.0.0/16" for number in draw(st.lists(st.integers(100, 109), max_size=2, unique=True))]
    by_gateway = draw(st.booleans()) and bool(ranges)
    peering: dict[str, Any] = {
        "accountId": draw(st.from_regex(r"[1-9][0-9]{11}", fullmatch=True)),
        "region": draw(_aws_regions),
        "transitGatewayId" if by_gateway else "vpcId": f"{'tgw' if by_gateway else 'vpc'}-0123456789abcdef0",
        **({"ranges": ranges} if ranges else {}),
    }
    return {
        "range": f"10.{draw(st.integers(110, 119))}.0.0/{draw(st.integers(16, 28))}",
        **({"peering": peering} if draw(st.booleans()) else {}),
    }
