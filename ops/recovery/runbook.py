"""docs/runbooks/recovery-postgres.md out of the commands' own steps and targets: it cannot say something else."""

from collections.abc import Iterator
from pathlib import Path

from ops.recovery.declared import ROOT, declared
from ops.recovery.drill import DRILL
from ops.recovery.errors import RefusedError
from ops.recovery.full import RESTORE_FULL
from ops.recovery.pit import RESTORE_PIT
from ops.recovery.postgres.merge import MEANING
from ops.recovery.steps import Procedure
from ops.recovery.table import RESTORE_TABLE

PATH = ROOT / "docs" / "runbooks" / "recovery-postgres.md"
_TEMPLATE = Path(__file__).with_name("runbook.md")
_MINUTE, _DAY = 60, 86400
_PROCEDURES = (RESTORE_TABLE, RESTORE_PIT, RESTORE_FULL, DRILL)


def text() -> str:
    """The whole page."""
    page = _TEMPLATE.read_text(encoding="utf-8")
    for procedure in _PROCEDURES:
        page = page.replace(f"{{{{ {procedure.name} }}}}", "\n".join(_steps(procedure)))
    rules = "\n".join(f"| `--rule {rule}` | {meaning} |" for rule, meaning in MEANING.items())
    return page.replace("{{ rules }}", rules).replace("{{ targets }}", "\n".join(_targets()))


def write(*, is_check: bool) -> None:
    """Write the page, or raise RefusedError when it is not current."""
    page = text()
    if not is_check:
        PATH.write_text(page, encoding="utf-8")
    elif not PATH.is_file() or PATH.read_text(encoding="utf-8") != page:
        raise RefusedError(str(PATH.relative_to(ROOT)), "is not current", fix="make docs")


def _steps(procedure: Procedure) -> Iterator[str]:
    yield f"{procedure.requirement}: {procedure.promise}."
    yield ""
    for number, step in enumerate(procedure.steps, 1):
        notes = [f"only with `{step.only_with}`"] if step.only_with.startswith("--") else []
        notes += ["not with `--no-switch`"] if step.only_with.startswith("no ") else []
        notes += ["asks first"] if step.asks else []
        noted = f" *({', '.join(notes)})*" if notes else ""
        yield f"{number}. **{step.title}**{noted}: {step.detail}."


def _targets() -> Iterator[str]:
    for kind, target in declared("prod").targets.items():
        every = target.every_seconds // _DAY
        yield f"| `--kind {kind}` | {target.rpo_seconds} s | {target.rto_seconds // _MINUTE} min | {every} days |"
