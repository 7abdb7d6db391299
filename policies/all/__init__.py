"""Every pack in one process: starting a pack costs more than all its rules."""

from policies import backup, encryption, exposure, resilience

RULES = (*backup.RULES, *encryption.RULES, *exposure.RULES, *resilience.RULES)
