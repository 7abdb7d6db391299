"""The pack's entry point: `--policy-pack policies/backup`."""

from policies.backup import RULES
from policies.kit.pack import serve

serve("triptrip-backup", RULES)
