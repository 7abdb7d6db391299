"""Pure functions from settings to the values the cloud takes; nothing here imports Pulumi."""
