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
    is_push = draw(st.booleans())
    return {
        "publishers": draw(st.lists(programs, min_size=1, max_size=3, unique=True)),
        "worker": draw(programs),
        "ackDeadline": f"{deadline} s",
        "retention": f"{draw(st.integers(max(600, slowest), 31 * 86_400))} s",
        "retry": {"least": f"{draw(st.integers(0, most))} s", "most": f"{most} s"},
        "deadLetter": {"attempts": attempts, "retention": f"{draw(st.integers(10, 44_640))} minutes"},
        **({"delivery": "push", "push": draw(_push())} if is_push else draw(_some({"exactlyOnce": st.booleans()}))),
        **draw(_some({"topic": topics, "ordered": st.booleans()})),
    }


def _push() -> st.SearchStrategy[Raw]:
    return st.fixed_dictionaries(
        {
            "endpoint": st.from_regex(r"https://[a-z]{1,8}\.(?:jp|example)(?:/[!-~]{0,12})?", fullmatch=True),
            "account": programs,
        },
        optional={"audience": st.from_regex(r"[!-~]{1,20}", fullmatch=True)},
    )


def _some(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Raw]:
    """Any selection of optional fields."""
    return st.fixed_dictionaries({}, optional=fields)
