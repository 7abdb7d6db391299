"""`python -m ops`: the commands that people and the workflows run around a deployment."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from ops.gate import Preview, UnreadableError, judge, read_changes
from ops.policy_events import PolicyFinding, policy_findings, rules_run
from ops.pulumi import COMMAND_VARIABLE, Pulumi, PulumiError
from ops.review import Review, markdown
from policies.kit import waivers

application = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
_USAGE = 2
_console = Console(highlight=False, soft_wrap=True)
_errors = Console(stderr=True, highlight=False, soft_wrap=True)

_TAIL_LINES = 30
PulumiOption = Annotated[
    str, typer.Option("--pulumi", envvar=COMMAND_VARIABLE, help="The Pulumi CLI, e.g. sandbox/pulumi")
]


@application.callback()
def _root() -> None:
    """Commands around a deployment; exit code 0: passed, 1: refused, 2: could not be asked."""


@application.command()
def gate(
    plan: Annotated[
        Path | None, typer.Argument(help="Preview as JSON, event log of a preview, or a saved plan", show_default=False)
    ] = None,
    state: Annotated[
        Path | None, typer.Option(help="`pulumi stack export`; a saved plan needs it", show_default=False)
    ] = None,
    stack: Annotated[str, typer.Option(help="Preview this stack instead of reading a file")] = "",
    pulumi: PulumiOption = "pulumi",
) -> None:
    """Refuse what loses data: deletions, replacements, guards taken away, retention cut."""
    if bool(plan) == bool(stack):
        _stop("give either a PLAN file or --stack NAME")
    review = _of_file(plan, state) if plan else _of_stack(Pulumi(pulumi, stack))
    for finding in review.gate:
        _console.print(f"{'waived ' if finding.waiver else ''}{finding.rule}: {finding}", markup=False)
    if review.failed:
        _errors.print(
            f"the preview failed, so the gate cannot say that nothing is lost:\n{review.failed}", markup=False
        )
    refused = [each for each in review.gate if not each.waiver]
    _console.print(
        f"gate: {len(refused)} refused, {len(review.gate) - len(refused)} waived, of {len(review.changes)} changes"
    )
    raise typer.Exit(1 if refused or review.failed else 0)


@application.command()
def policy(
    stack: Annotated[str, typer.Option(help="The stack to look at")],
    pulumi: PulumiOption = "pulumi",
    summary: Annotated[
        Path | None, typer.Option(help="Write the page for the pull request here", show_default=False)
    ] = None,
) -> None:
    """Run gate and packs on a preview, and the packs again on the state, where nothing is unknown."""
    engine = Pulumi(pulumi, stack)
    review = _of_stack(engine, with_state=True)
    if summary:
        summary.write_text(markdown(review), encoding="utf-8")
    _tell(review)
    raise typer.Exit(1 if review.refused else 0)


@application.command()
def review(
    events: Annotated[Path, typer.Argument(help="Event log of a preview that ran with the packs")],
    stack: Annotated[str, typer.Option(help="The stack's name, for the title")],
    output: Annotated[
        Path | None, typer.Option(help="Where the preview's output was kept, for when it failed", show_default=False)
    ] = None,
) -> None:
    """Write the page about a change in markdown to stdout; exit 1 when the change is refused."""
    page = _of_events(stack, events, output.read_text(encoding="utf-8") if output and output.is_file() else "")
    typer.echo(markdown(page), nl=False)
    raise typer.Exit(1 if page.refused else 0)


@application.command("policy-events")
def policy_events(
    events: Annotated[Path, typer.Argument(help="Output of `pulumi policy analyze --json`")],
) -> None:
    """Tell what the packs said on a state; exit 1 when a mandatory rule is broken."""
    found = policy_findings(_lines(events))
    for finding in found:
        _console.print(f"{finding.level} {finding.rule} {finding.name}\n  {finding.message}", markup=False)
    raise typer.Exit(1 if any(each.refuses for each in found) else 0)


@application.command("second-opinion")
def second_opinion(
    stack: Annotated[str, typer.Option(help="The stack whose plan is scanned")],
) -> None:
    """Scan the plan with checkov, a rule book that is not ours."""
    # The scanner's needs (the in-process plan) are not those of the other commands.
    from ops.second_opinion import second_opinion as scan  # noqa: PLC0415

    raise typer.Exit(scan(stack))


def _of_file(plan: Path, state: Path | None) -> Review:
    try:
        preview = read_changes(plan, state)
    except UnreadableError as error:
        _stop(str(error))
    return Review("", preview.changes, judge(preview, _waivers()), ())


def _of_events(stack: str, events: Path, output: str = "") -> Review:
    lines = _lines(events)
    found = policy_findings(lines)
    try:
        preview = read_changes(events)
    except UnreadableError:
        preview = Preview((), complete=False)
    complete = any('"summaryEvent"' in line and '"result":"succeeded"' in line for line in lines)
    explained = complete or any(each.refuses for each in found)
    failed = "" if explained else "\n".join(output.splitlines()[-_TAIL_LINES:]) or "before its first resource"
    return Review(stack, preview.changes, judge(preview, _waivers()), found, rules=rules_run(lines), failed=failed)


def _of_stack(engine: Pulumi, *, with_state: bool = False) -> Review:
    with tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events.json"
        try:
            done = engine.preview(events)
            page = _of_events(engine.stack, events, done.stdout + done.stderr)
            if not with_state:
                return page
            analyzed = engine.analyze()
        except PulumiError as error:
            _stop(str(error))
    found = policy_findings(analyzed.stdout.splitlines())
    if analyzed.returncode and not any(each.refuses for each in found):
        _stop(f"pulumi policy analyze failed:\n{analyzed.stdout[-2000:]}{analyzed.stderr[-2000:]}")
    empty = "nothing to analyze" in analyzed.stderr
    return Review(page.stack, page.changes, page.gate, page.policies, None if empty else found, page.rules, page.failed)


def _tell(page: Review) -> None:
    _console.print(f"[bold]{page.title}[/bold]")
    if page.failed:
        _console.print(page.failed, markup=False)
    for finding in page.gate:
        _console.print(f"  {'waived' if finding.waiver else 'refused'} {finding.rule}: {finding}", markup=False)
    for each, where in _together(page):
        first, *rest = each.message.splitlines()
        told = f"{each.level} {each.rule} {each.name} ({where}): {first}"
        _console.print(f"  {told if each.refuses else 'note: ' + told}", markup=False)
        for line in rest if each.refuses else ():
            _console.print(f"      {line}", markup=False)
    on_state = "not deployed" if page.state is None else _counted(page.state)
    _console.print(
        f"  gate: {sum(not each.waiver for each in page.gate)} refused · "
        f"preview: {page.rules} rules, {_counted(page.policies)} · state: {on_state}"
    )


def _together(page: Review) -> list[tuple[PolicyFinding, str]]:
    """Each finding once, with where it was found."""
    preview, state = page.policies, page.state or ()
    where = dict.fromkeys(preview, "preview") | {each: "state" for each in state if each not in preview}
    where |= {each: "preview and state" for each in preview if each in state}
    return sorted(where.items(), key=lambda row: (not row[0].refuses, row[0].rule, row[0].urn))


def _counted(findings: Sequence[PolicyFinding]) -> str:
    refused = sum(each.refuses for each in findings)
    return f"{refused} violations, {len(findings) - refused} notes"


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def _waivers() -> waivers.Waivers:
    try:
        return waivers.load()
    except waivers.WaiversError as error:
        _stop(str(error))


def _stop(message: str) -> NoReturn:
    _errors.print(message, markup=False)
    raise typer.Exit(_USAGE)


if __name__ == "__main__":
    application()
