"""The steps of an adoption; each can be run again, and a run that was cut off is gone on with by the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra import catalog
from infra.derive.checks import problems
from infra.derive.names import names_for
from infra.settings import SettingsError, load
from ops.adoption import intent
from ops.adoption.errors import AdoptionError
from ops.adoption.instances import INSTANCE, Instance, entries, follows, instances, primary_of
from ops.adoption.intent import Change, Tier
from ops.adoption.record import Record
from ops.adoption.stack import Stack
from ops.adoption.state import CHILDREN, rewritten
from ops.review import review_losses, step_of
from policies.kit.waivers import WaiversError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ops.gate import Change as Step
    from ops.pulumi import Pulumi
    from ops.review import Review


@dataclass(frozen=True)
class Adopted:
    """What an adoption came to: settings that were changed, instances nobody manages any more, what `up` will do."""

    instance: str
    settings: tuple[Change, ...]
    let_go: tuple[str, ...]
    review: Review
    backup: Path | None


class Adoption:
    """Makes one instance the primary of a stack's settings and state.

    `folder` keeps the state as it was, and what is intended, until the end. `tell` hears of every step before it is
    taken.
    """

    def __init__(self, engine: Pulumi, instance: str, folder: Path, tell: Callable[[str], None]) -> None:
        self._engine = engine
        self._stack = Stack(engine)
        self._instance = instance
        self._folder = folder / engine.stack
        self._tell = tell

    def intended(self) -> tuple[list[Change], list[str]]:
        """Which settings would change and which instances would leave the state; touches nothing.

        Raises AdoptionError when the instance cannot be adopted, PulumiError when the CLI cannot be run.
        """
        deployment = self._settled()
        tier, adopted = self._look(deployment)
        made = intent.changes(tier, adopted)
        self._checked(made)
        after = rewritten(deployment, self._instance, intent.demoted_key(tier, adopted))
        return made, _left(deployment, after)

    def run(self) -> Adopted:
        """Adopt. Raises AdoptionError, with everything put back, when something that holds data would be lost."""
        record = Record.unfinished(self._folder)
        if record and record.instance != self._instance:
            raise AdoptionError(
                f"the adoption of {record.instance} is not finished ({record.folder}): run it again first; it goes on "
                "where it stopped, or puts everything back"
            )
        deployment = self._settled()
        if record is None and self._is_done(deployment):
            self._tell(f"{self._instance} is the primary in settings and state already")
            return Adopted(self._instance, (), (), self._judged(deployment, deployment), None)
        if record is None:
            self._tell("keep the state as it is")
            record = Record.begin(self._folder, self._instance, self._stack.export())
        try:
            return self._carry_on(record)
        except AdoptionError as error:
            if record.intent is None:
                record.finish("nothing was changed")
                raise
            self._put_back(record)
            raise AdoptionError(f"{error}\nState and settings are as they were.") from error

    def _carry_on(self, record: Record) -> Adopted:
        if record.intent is None:
            self._tell("read the instances from the cloud")
            self._read_anew()
            tier, adopted = self._look(self._settled())
            if adopted.follows is not None:
                raise AdoptionError(
                    f"{self._instance} is a replica of {adopted.follows}: promote it first "
                    "(python -m ops failover region)"
                )
            made = intent.changes(tier, adopted)
            self._checked(made)
            record.intend(made, intent.undone(tier.raw, made), intent.demoted_key(tier, adopted))
        made, demoted = record.made, record.demoted
        for change in made:
            self._tell(f"settings: {change}")
        self._stack.change("postgres", made)
        before = record.before
        after = rewritten(self._settled(), self._instance, demoted)
        self._tell(f"state: {self._instance} in the primary's place")
        self._stack.bring_in(record.keep("after", {**self._stack.export(), "deployment": after}))
        self._tell("read the new primary, its databases and its users from the cloud")
        self._stack.refresh(_family(after))
        self._verify()
        self._tell("preview")
        review = self._judged(before, after)
        record.finish("adopted")
        return Adopted(self._instance, tuple(made), tuple(_left(before, after)), review, record.folder)

    def _settled(self) -> dict[str, Any]:
        deployment: dict[str, Any] = self._stack.export()["deployment"]
        if pending := deployment.get("pending_operations"):
            names = ", ".join(each["resource"]["urn"].rpartition("::")[2] for each in pending)
            raise AdoptionError(
                f"the state has pending operations ({names}): follow docs/runbooks/interrupted-deployment.md first"
            )
        return deployment

    def _is_done(self, deployment: dict[str, Any]) -> bool:
        tier, adopted = self._look(deployment)
        return tier.old.name == self._instance and not intent.changes(tier, adopted)

    def _look(self, deployment: dict[str, Any]) -> tuple[Tier, Instance]:
        """What is declared and what stands, as far as the state knows; and the instance."""
        raw = self._stack.settings()
        try:
            project = load(raw).project
        except SettingsError as error:
            raise AdoptionError(f"the settings cannot be read:\n{error}") from error
        if not raw.get("postgres"):
            raise AdoptionError("the stack declares no PostgreSQL tier")
        known = instances(deployment)
        old = primary_of(known)
        adopted = next((each for each in known if each.name == self._instance), None)
        if adopted is None:
            # A clone or a restored instance: it stands where its source stood, or the preview will tell.
            adopted = Instance(old.urn, self._instance, old.region, "", old.tier, old.availability, None)
        return Tier(raw["postgres"], project, names_for(project), known, old), adopted

    def _checked(self, made: Sequence[Change]) -> None:
        """Refuse settings that would not be accepted, before one of them is written."""
        raw = self._stack.settings()
        raw["postgres"] = intent.applied(raw["postgres"], made)
        try:
            found = problems(load(raw))
        except SettingsError as error:
            found = error.problems
        if found:
            listed = "\n".join(f"{each.path}: {each.given}; allowed: {each.allowed}; {each.fix}" for each in found)
            raise AdoptionError(f"settings that name {self._instance} as the primary could not be used:\n{listed}")

    def _read_anew(self) -> None:
        """Refresh every instance; in an outage those of the lost region may not answer, and are not needed."""
        known = instances(self._settled())
        try:
            self._stack.refresh(each.urn for each in known)
        except AdoptionError:
            own = [each.urn for each in known if each.name == self._instance]
            if not own:
                raise
            self._tell("not every instance could be read: the adopted one alone")
            self._stack.refresh(own)

    def _verify(self) -> None:
        held = {each.name: each for each in instances(self._settled())}
        if self._instance not in held:
            raise AdoptionError(f"the cloud has no instance {self._instance}: name one that exists (gcloud sql list)")
        outputs = next(
            entry["outputs"] for entry in entries(self._settled()) if entry["urn"] == held[self._instance].urn
        )
        if follows(outputs) or outputs.get("instanceType") != "CLOUD_SQL_INSTANCE":
            raise AdoptionError(f"{self._instance} takes no writes: it is {outputs.get('instanceType')}; promote it")

    def _judged(self, before: dict[str, Any], after: dict[str, Any]) -> Review:
        """What the next deployment would do; refused when it loses anything that holds or guards data."""
        try:
            review = review_losses(self._engine)
        except WaiversError as error:
            raise AdoptionError(f"the preview cannot be judged: {error}") from error
        if review.failed:
            raise AdoptionError(f"the preview failed:\n{review.failed}")
        kept = {**catalog.stateful_types(), **catalog.guardian_types()}
        lost = [each for each in review.changes if each.type in kept and (each.deletes or each.replaces)]
        named = set(_left(before, after))
        again = [each for each in review.changes if _makes(each, named)]
        told = [f"{each.name} would be {step_of(each)}d" for each in lost]
        told += [f"{each.name} would be made under the name of an instance that still exists" for each in again]
        told += [str(each) for each in review.refused_by_gate]
        if told:
            raise AdoptionError("the next deployment would lose data:\n" + "\n".join(told))
        return review

    def _put_back(self, record: Record) -> None:
        self._tell("put state and settings back")
        self._stack.change("postgres", record.undo)
        self._stack.bring_in(record.state)
        record.finish("put back")


def _family(deployment: dict[str, Any]) -> list[str]:
    """The URNs of the primary and of what belongs to it."""
    primary = primary_of(instances(deployment))
    return [primary.urn] + [
        entry["urn"]
        for entry in deployment["resources"]
        if entry["type"] in CHILDREN and (entry.get("inputs") or {}).get("instance") == primary.name
    ]


def _left(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The names of the instances that the state no longer has."""
    return sorted({each.name for each in instances(before)} - {each.name for each in instances(after)})


def _makes(step: Step, names: set[str]) -> bool:
    created = "create" in step.steps and step.type == INSTANCE
    return created and step.after is not None and step.after.inputs.get("name") in names
