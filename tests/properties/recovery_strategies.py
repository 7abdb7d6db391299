"""Copies over any selection of stores."""

from typing import Any

from hypothesis import strategies as st

from infra import catalog

Raw = dict[str, Any]

_KINDS = ("pit", "full", "export")


@st.composite
def copies(draw: st.DrawFn, stores: Raw, project: Raw) -> Raw:
    """The same stores with copies of them, or as they are."""
    if not draw(st.booleans()):
        return stores
    retention = draw(st.integers(35, 3650))
    every = draw(st.sampled_from(["week", "month"]))
    ages = st.integers(1, retention).map(lambda days: f"{days} days")
    return {
        **stores,
        "recovery": {
            "region": draw(st.sampled_from([name for name in catalog.regions() if name != project["region"]])),
            "retention": f"{retention} days",
            "locked": project["environment"] == "prod" or draw(st.booleans()),
            "expiry": f"{draw(st.integers(retention + 1, 3660))} days",
            "storageClasses": draw(
                st.dictionaries(st.sampled_from(["NEARLINE", "COLDLINE", "ARCHIVE"]), ages, max_size=1)
            ),
            "deletedKept": f"{draw(st.integers(7, 90))} days",
            "operatorGroups": draw(
                st.lists(
                    st.from_regex(r"[a-z]{1,8}@triptrip[.]jp", fullmatch=True), min_size=1, max_size=3, unique=True
                )
            ),
            "postgres": {"time": _apart(stores), "promise": f"{draw(st.integers(25, 336))} hours"},
            "redis": {
                "minute": draw(st.integers(0, 59)),
                "kept": f"{draw(st.integers(1, 30))} days",
                "promise": f"{draw(st.integers(2, 24))} hours",
            },
            "mongodb": {"every": every, "promise": f"{draw(st.integers(32 if every == 'month' else 8, 62))} days"},
            "drills": {
                "every": f"{draw(st.integers(1, 35))} days",
                "targets": draw(
                    st.dictionaries(
                        st.sampled_from(_KINDS),
                        st.fixed_dictionaries(
                            {
                                "rpo": st.just("1 minute"),
                                "rto": st.sampled_from(["90 s", "7 days"]),
                                "every": st.sampled_from(["1 day", "400 days"]),
                            }
                        ),
                        max_size=3,
                    )
                ),
            },
        },
    }


def _apart(stores: Raw) -> str:
    """Half a day after the backup: outside of its window, and seldom near the maintenance."""
    if "postgres" not in stores:
        return "07:00 Asia/Tokyo"
    hour, rest = stores["postgres"]["backup"]["time"].split(":", 1)
    return f"{(int(hour) + 12) % 24:02}:{rest}"
