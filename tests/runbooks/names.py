"""Names in backticks that stand for something in this repository: settings of a stack file, and files."""

import re
from collections.abc import Iterator
from pathlib import Path

from infra.catalog import flags
from infra.settings.fields import field_at, submodel
from infra.settings.settings import Settings
from tests.runbooks.alerts import every_alert
from tests.runbooks.page import Page

_SETTING = re.compile(r"[a-z][A-Za-z]*(?:\.(?:[A-Za-z_][\w-]*|<[a-z]+>))+")
_FILE = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*/?")
_ANY = "<name>"
_OURS = re.compile(r"triptrip-prod-[a-z0-9]+(?:-[a-z0-9]+)*")
_FILLED_IN = {"ENVIRONMENT": "prod", "PROJECT": "triptrip-prod", "REGION": "asia-northeast1", "GENERATION": "1"}
"""What the first lines of a page's script set, in every page the same."""


def setting_problems(page: Page) -> Iterator[str]:
    """Settings that no model has."""
    for code in page.codes:
        place = tuple(code.split("."))
        if _SETTING.fullmatch(code) and place[0] in Settings.model_fields and not _is_setting(place):
            yield f"{code} is no setting of a stack file"


def _is_setting(place: tuple[str, ...]) -> bool:
    if place[:2] == ("monitoring", "alerts") and len(place) > 2 and place[2] not in (_ANY, *every_alert()):
        return False
    if field_at(Settings, place) is not None:
        return True
    *above, last = place
    parent = field_at(Settings, tuple(above))
    if parent is None or (submodel(parent.annotation)[0] is not None and not submodel(parent.annotation)[1]):
        return False
    # Names of one's own: those of flags are the cloud's.
    return last in flags() if above[-1] in ("flags", "replicaFlags") else submodel(parent.annotation)[1]


def file_problems(page: Page, root: Path) -> Iterator[str]:
    """Files and folders of the repository that are not there."""
    tops = {path.name for path in root.iterdir()}
    for code in page.codes:
        if "/" in code and _FILE.fullmatch(code) and code.split("/")[0] in tops and not (root / code).exists():
            yield f"{code} is no file of the repository"


def resource_problems(page: Page, plan: str) -> Iterator[str]:
    """Names of prod's resources that no resource of the plan begins with; `plan` is the text of it."""
    names = set(_OURS.findall(plan))
    for block in page.blocks:
        text = re.sub(r"\$\{?([A-Z]+)\}?", lambda found: _FILLED_IN.get(found[1], found[0]), block.text)
        for name in sorted(set(_OURS.findall(text))):
            if not any(each == name or each.startswith(f"{name}-") for each in names):
                yield f"line {block.line}: {name} is no resource of prod, nor the beginning of one"
