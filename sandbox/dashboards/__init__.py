"""Pictures of the dashboards and the reference of their panels, for those who have no Grafana and no account at hand.

No Grafana server can be had as a package, so the pictures are drawn here: the panels of the catalogue, in the places
that Grafana would give them, with prod's thresholds, of a made-up morning (`simulated.yaml`).
"""
