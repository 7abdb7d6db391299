"""Whose platform this is and where it runs."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.settings.constraints import Switch, Text, Whole
from infra.settings.forms import Region
from infra.settings.model import Finding, SettingsModel, refuse_all

_LABEL = Text(
    r"[a-z0-9][a-z0-9_-]{0,62}",
    "1 to 63 lower-case letters, digits, hyphens and underscores, starting with a letter or digit",
    "data-platform",
)


class Labels(SettingsModel):
    """Labels that every resource carries, for cost reports and for who to ask."""

    owner: Annotated[str, _LABEL] = Field(description="Team that answers for the platform.")
    cost_centre: Annotated[str, _LABEL] = Field(description="Cost centre that the platform is charged to (COST-Y1).")
    data_class: Literal["public", "internal", "confidential", "restricted"] = Field(
        description="How sensitive the stored data is; personal data is at least confidential."
    )


class ProjectSettings(SettingsModel):
    """The environment, its Google Cloud project and its regions."""

    environment: Literal["dev", "staging", "prod"] = Field(
        description="Which environment the stack is; part of every resource name."
    )
    gcp_project: Annotated[
        str,
        Text(
            r"(?!.*(?:google|ssl|undefined|null))[a-z][a-z0-9-]{4,28}[a-z0-9]",
            "a Google Cloud project id: 6 to 30 lower-case letters, digits and hyphens, starting with a letter, "
            "not ending with a hyphen, without the words google, ssl, null and undefined",
            "triptrip-prod",
        ),
    ] = Field(description="Google Cloud project that holds everything of this stack (CON-GCP).")
    region: Region = Field(
        description="Region of the primary and of everything that is not for disaster recovery (CON-GCP)."
    )
    disaster_recovery_region: Region | None = Field(
        default=None,
        description="Second region, for the cross-region replica and its own key ring (PG-PHASE-4, REC-REGION). "
        "Absent: no second region.",
    )
    generation: Annotated[int, Whole(1, 99)] = Field(
        default=1,
        description="Suffix of names that the cloud blocks after a deletion (a Cloud SQL name for about a week, the id "
        "of a role for 37 days, a key ring for ever). Raise it by one to build again after `destroy`.",
    )
    deletion_guards: Annotated[bool, Switch()] = Field(
        default=True,
        description="Whether stateful resources refuse to be deleted (engine, provider and API level). "
        "Always true in prod; false is the one documented step before `destroy` of another environment.",
    )
    labels: Labels = Field(description="Labels that every resource carries.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        findings: list[Finding] = []
        if self.environment == "prod" and not self.deletion_guards:
            findings.append(
                Finding(
                    "deletionGuards",
                    self.deletion_guards,
                    "true in prod",
                    "keep true; to take prod down for good follow docs/runbooks/retire-stack.md",
                )
            )
        refuse_all(findings)
        return self
