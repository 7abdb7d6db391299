"""The pack's entry point: `--policy-pack policies/resilience`."""

from policies.kit.pack import serve
from policies.resilience import RULES

serve("triptrip-resilience", RULES)
