"""The pack's entry point: `--policy-pack policies/resilience`."""

from policies.resilience import RULES
from policies.kit.pack import serve

serve("triptrip-resilience", RULES)
