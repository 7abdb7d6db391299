"""The pack's entry point: `--policy-pack policies/exposure`."""

from policies.exposure import RULES
from policies.kit.pack import serve

serve("triptrip-exposure", RULES)
