"""The entry point of all packs together: `--policy-pack policies/all`."""

from policies.all import RULES
from policies.kit.pack import serve

serve("triptrip", RULES)
