"""Declares nothing but a number of empty resources."""

import os

import pulumi

for number in range(int(os.environ["BENCH_RESOURCES"])):
    pulumi.CustomResource("gcp:bench:Empty", f"resource-{number}", {})
