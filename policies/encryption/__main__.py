"""The pack's entry point: `--policy-pack policies/encryption`."""

from policies.encryption import RULES
from policies.kit.pack import serve

serve("triptrip-encryption", RULES)
