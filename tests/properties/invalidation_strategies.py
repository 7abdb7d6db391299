"""Everything the invalidation settings accept."""

from typing import Any

from hypothesis import strategies as st

Raw = dict[str, Any]

programs = st.from_regex(r"[a-z][a-z0-9]{0,6}[a-z0-9]", fullmatch=True)
topics = st.from_regex(r"(?!goog)[a-z][a-z0-9-]{1,20}[a-z0-9]", fullmatch=True)


@st.composite
def invalidation(draw: st.DrawFn, project: Raw) -> Raw:
    """The invalidation settings of a stack with these project settings, as plain values."""
    del project
    deadline, attempts = draw(st.integers(10, 600)), draw(st.integers(5, 100))
    most = draw(st.integers(0, 600))
    slowest = attempts * deadline + (attempts - 1) * most
    is_push, worker = draw(st.booleans()), draw(programs)
    return {
        "publishers": draw(st.lists(programs, min_size=1, max_size=3, unique=True)),
        "worker": worker,
        "ackDeadline": f"{deadline} s",
        "retention": f"{draw(st.integers(max(600, slowest), 31 * 86_400))} s",
        "retry": {"least": f"{draw(st.integers(0, most))} s", "most": f"{most} s"},
        "deadLetter": {"attempts": attempts, "retention": f"{draw(st.integers(10, 44_640))} minutes"},
        **(draw(_pushing(worker)) if is_push else draw(_some({"exactlyOnce": st.booleans()}))),
        **draw(_some({"topic": topics, "ordered": st.booleans()})),
    }


@st.composite
def emptied(draw: st.DrawFn, stores: Raw) -> Raw:
    """Stores whose cache lets the stack's own worker in, at any place of its list; without a cache nobody runs one."""
    bus, cache = stores.get("invalidation", {}), stores.get("cache")
    if "service" in bus and cache is None:
        return {**stores, "invalidation": _pulled(bus)}
    if cache is None or "service" not in bus or bus["worker"] in cache["clients"]:
        return stores
    clients = [*cache["clients"][:19], bus["worker"]]
    return {**stores, "cache": {**cache, "clients": draw(st.permutations(clients))}}


def _pulled(bus: Raw) -> Raw:
    return {key: value for key, value in bus.items() if key not in {"delivery", "push", "service"}}


def _pushing(worker: str) -> st.SearchStrategy[Raw]:
    """Events are posted to somebody else's worker, or to the stack's own."""
    elsewhere = st.fixed_dictionaries(
        {
            "endpoint": st.from_regex(r"https://[a-z]{1,8}\.(?:jp|example)(?:/[!-~]{0,12})?", fullmatch=True),
            "account": programs,
        },
        optional=_AUDIENCE,
    )
    own = st.fixed_dictionaries({"account": programs.filter(lambda name: name != worker)}, optional=_AUDIENCE)
    return st.one_of(
        st.fixed_dictionaries({"delivery": st.just("push"), "push": elsewhere}),
        st.fixed_dictionaries({"delivery": st.just("push"), "push": own, "service": _service()}),
    )


_AUDIENCE = {"audience": st.from_regex(r"[!-~]{1,20}", fullmatch=True)}


@st.composite
def _service(draw: st.DrawFn) -> Raw:
    least = draw(st.integers(1, 20))
    cpu, smallest, largest = draw(st.sampled_from([(1, 512, 4096), (2, 512, 8192), (4, 2048, 16384)]))
    return {
        "image": f"{draw(_images)}@sha256:{draw(_digests)}",
        "collector": f"{draw(_images)}@sha256:{draw(_digests)}",
        "instances": {"least": least, "most": draw(st.integers(least, 100))},
        "cpu": cpu,
        "memory": f"{draw(st.integers(smallest, largest))} MB",
        **draw(
            _some(
                {
                    "eventsAtOnce": st.integers(1, 1000),
                    "purgeCdn": st.booleans(),
                    "secondPurge": st.integers(1, 300).map("{} s".format),
                }
            )
        ),
    }


_digests = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)
_images = st.sampled_from(
    [f"asia-northeast1-docker.pkg.dev/triptrip-images/{name}/program" for name in ("platform", "mirror")]
)


def _some(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Raw]:
    """Any selection of optional fields."""
    return st.fixed_dictionaries({}, optional=fields)
