"""Everything the elasticsearch settings accept."""

from typing import Any

from hypothesis import strategies as st

from infra.catalog.elasticsearch_rows import elastic_lines, elastic_regions, elastic_sizes, elastic_templates
from infra.derive.search_capacity import search_capacity
from infra.settings.units import Size

Raw = dict[str, Any]

_programs = st.lists(
    st.from_regex(r"[a-z](?:[a-z0-9-]{0,7}[a-z0-9])?", fullmatch=True), min_size=1, max_size=3, unique=True
)
_ranges = st.lists(
    st.builds(lambda third, prefix: f"203.{third}.0.0/{prefix}", st.integers(0, 255), st.integers(16, 32)),
    max_size=3,
    unique=True,
)
_snapshots = st.fixed_dictionaries(
    {},
    optional={
        "keyGeneration": st.integers(1, 999),
        "deletedKept": st.integers(7, 90).map(lambda days: f"{days} days"),
    },
)


def elasticsearch(project: Raw) -> st.SearchStrategy[Raw]:
    """The settings of a stack with these project settings, as plain values; nothing where Elastic has no region."""
    if project["region"] not in elastic_regions():
        return st.nothing()
    return _search(is_prod=project["environment"] == "prod")


@st.composite
def _search(draw: st.DrawFn, *, is_prod: bool) -> Raw:
    template = draw(st.sampled_from(list(elastic_templates())))
    zones = draw(st.integers(2 if is_prod else 1, 3))
    replicas = draw(st.integers(1 if is_prod else 0, zones - 1))
    return {
        "version": f"{draw(st.sampled_from(list(elastic_lines())))}.{draw(st.integers(0, 40))}",
        "hot": (hot := draw(_hot(zones))),
        "index": {"size": draw(_index(template, hot, replicas)), "replicas": replicas},
        "clients": draw(_programs),
        **draw(
            st.fixed_dictionaries(
                {"template": st.just(template)},
                optional={
                    "kibana": _kibana(),
                    "kibanaRanges": _ranges,
                    "strategy": st.sampled_from(
                        ["autodetect", "grow_and_shrink", "rolling_grow_and_shrink", "rolling_all"]
                    ),
                    "snapshots": _snapshots,
                },
            )
        ),
    }


@st.composite
def _hot(draw: st.DrawFn, zones: int) -> Raw:
    steps = [*elastic_sizes().hot, *(64 * nodes for nodes in range(2, 17))]
    size = draw(st.sampled_from(steps))
    larger = [step for step in steps if step > size]
    grows = bool(larger) and draw(st.booleans())
    limit = {"limit": f"{draw(st.sampled_from(larger))} GB"} if grows else {}
    return {"size": draw(st.sampled_from([f"{size} GB", f"{size * 1024} MB"])), "zones": zones, **limit}


@st.composite
def _index(draw: st.DrawFn, template: str, hot: Raw, replicas: int) -> str:
    """Any size whose second copy still fits."""
    zone, one = Size.parse(hot["size"]), Size.parse("1 GB")
    capacity = search_capacity(elastic_templates()[template], zone, hot["zones"], one, replicas)
    most = min(65_536, capacity.usable_gb // (2 * (1 + replicas)))
    return f"{draw(st.integers(1, most))} GB"


def _kibana() -> st.SearchStrategy[Raw]:
    sizes = st.sampled_from(elastic_sizes().kibana).map(lambda step: f"{step} GB")
    return st.fixed_dictionaries({}, optional={"size": sizes, "zones": st.integers(1, 3)})
