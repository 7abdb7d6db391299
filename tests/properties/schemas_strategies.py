"""The schema step over any selection of stores, each of which knows its program."""

from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

Raw = dict[str, Any]

PROGRAM = "schema-step"
"""Longer than any name that the other strategies choose."""

_IMAGE = "asia-northeast1-docker.pkg.dev/triptrip-images/platform/schema@sha256:" + "0123456789abcdef" * 4
_INTERVALS = ("1 minute", "5 minutes", "15 minutes", "60 minutes", "1 hour", "6 hours", "24 hours", "1 day")
_MEMORY = {1: ("512 MB", "4 GB"), 2: ("512 MB", "8 GB"), 4: ("2 GB", "16 GB"), 8: ("4 GB", "32 GB")}


@st.composite
def schema_step(draw: st.DrawFn, stores: Raw) -> Raw:
    """The same stores with the step, or as they are."""
    if not draw(st.booleans()):
        return stores
    cpu = draw(st.sampled_from(list(_MEMORY)))
    return {
        **_with_program(stores),
        "schemas": {
            "image": _IMAGE,
            "contents": "0123456789abcdef" * 4,
            "program": PROGRAM,
            "timeout": draw(st.sampled_from(["1 minute", "1 hour", "90 s", "59 minutes"])),
            "cpu": cpu,
            "memory": draw(st.sampled_from(_MEMORY[cpu])),
            "maintainEvery": draw(st.sampled_from(_INTERVALS)),
        },
    }


def _with_program(stores: Raw) -> Raw:
    known = deepcopy(stores)
    if postgres := known.get("postgres"):
        postgres["users"][PROGRAM] = {"endpoints": ["write"], "connections": 1, "role": "owner"}
    if timescale := known.get("timescale"):
        timescale["clients"][PROGRAM] = {"endpoints": ["write"]}
    if mongodb := known.get("mongodb"):
        mongodb["users"][PROGRAM] = {"roles": ["readWrite", "dbAdmin"]}
    if cache := known.get("cache"):
        cache["clients"] = [*cache["clients"], PROGRAM]
    if bigquery := known.get("bigquery"):
        bigquery["queryPrograms"] = [*bigquery.get("queryPrograms", []), PROGRAM]
        for dataset in bigquery["datasets"].values():
            dataset["writerPrograms"] = [*dataset.get("writerPrograms", []), PROGRAM]
    return known
