"""What every alert is, as far as its runbook must say so: Google's of the catalogue, and those that Atlas raises."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.catalog.mongodb_rows import atlas_alerts
from infra.catalog.monitoring_rows import alerts
from infra.derive.atlas_alerts import PREFIX
from infra.settings.monitoring_parts import RouteSettings

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "runbooks" / "alerts"
INDEX = FOLDER / "README.md"

_SEVERITIES = ("warning", "critical")
_SHOWN = {"slack": "Slack", "pagerduty": "PagerDuty"}


@dataclass(frozen=True)
class Alert:
    """An alert; `title` is None where the runbook gives it one of its own."""

    name: str
    title: str | None
    requirements: tuple[str, ...]
    severities: tuple[str, ...]

    @property
    def path(self) -> Path:
        """Its runbook."""
        return FOLDER / f"{self.name}.md"

    @property
    def told(self) -> str:
        """Who is told, as its runbook must say it: by the routes that a stack has by default."""
        routes = RouteSettings()
        return " · ".join(
            f"{severity}: {' and '.join(_SHOWN[channel] for channel in getattr(routes, severity))}"
            for severity in self.severities
        )


def every_alert() -> Mapping[str, Alert]:
    """Every alert by name."""
    found = {
        name: Alert(
            name,
            row.title,
            row.requirements,
            tuple(s for s in _SEVERITIES if (row.severity == s if row.log else getattr(row, s) is not None)),
        )
        for name, row in alerts().items()
    }
    atlas = {PREFIX + name: Alert(PREFIX + name, None, (), (row.severity,)) for name, row in atlas_alerts().items()}
    return found | atlas
