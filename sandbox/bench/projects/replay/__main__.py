"""Declares every planned resource several times, each copy as of a project of its own."""

import json
import os
from pathlib import Path
from typing import Any

import pulumi

plan = json.loads(Path(os.environ["BENCH_PLAN"]).read_text(encoding="utf-8"))["resources"]
entries = {key.rpartition("/")[2]: entry for key, entry in plan.items() if not entry["type"].startswith("pulumi:")}
provider = pulumi.ProviderResource("gcp", "google", {"project": "replay", "region": "asia-northeast1"})


def declare(name: str, copy: int, made: dict[str, pulumi.CustomResource]) -> pulumi.CustomResource:
    """One resource of one copy, after those it depends on."""
    if name not in made:
        entry: dict[str, Any] = entries[name]
        after = [
            declare(other, copy, made) for other in entry.get("options", {}).get("dependsOn", []) if other in entries
        ]
        inputs = json.loads(json.dumps(entry["inputs"]).replace("triptrip-prod", f"triptrip-copy{copy}"))
        options = pulumi.ResourceOptions(depends_on=after, provider=provider)
        made[name] = pulumi.CustomResource(entry["type"], f"{name}-{copy}", inputs, options)
    return made[name]


for copy in range(int(os.environ["BENCH_COPIES"])):
    made: dict[str, pulumi.CustomResource] = {}
    for name in entries:
        declare(name, copy, made)
