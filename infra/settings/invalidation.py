"""The invalidation bus of the caches on Pub/Sub (CACHE-INV)."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.settings.constraints import Between, Switch, Text, Whole
from infra.settings.forms import ClientName, listed
from infra.settings.invalidation_service import InvalidationServiceSettings
from infra.settings.model import Finding, SettingsModel, StoreSettings, refuse_all
from infra.settings.units import Duration

# Pub/Sub API v1, Topic.messageRetentionDuration and Subscription.messageRetentionDuration: 10 minutes to 31 days.
_Retention = Annotated[Duration, Between("10 minutes", "31 days", "1 s")]
# Pub/Sub API v1, RetryPolicy: 0 to 600 seconds.
_Backoff = Annotated[Duration, Between("0 s", "600 s", "1 s")]


class PushSettings(SettingsModel):
    """Where Pub/Sub posts the events to, and as whom."""

    endpoint: (
        Annotated[
            str,
            Text(
                r"https://[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+(?::\d{1,5})?(?:/[!-~]*)?",
                "an https address with a lower-case host name",
                "https://invalidator.triptrip.jp/events",
            ),
        ]
        | None
    ) = Field(
        default=None,
        description="Address that takes the events; https, because a token of `account` travels with every event. "
        "Absent exactly when `service` declares the worker: then it is the worker's own.",
    )
    account: ClientName = Field(
        description="Program whose service account signs the requests (OIDC); the endpoint lets this account alone in. "
        "The deployer must be allowed to act as it (iam.serviceAccounts.actAs)."
    )
    audience: (
        Annotated[str, Text(r"[!-~]{1,255}", "1 to 255 characters without blanks", "https://invalidator.triptrip.jp")]
        | None
    ) = Field(
        default=None,
        description="Audience of the token; absent: the endpoint's address, or with `service` the worker's own name "
        "under network.dnsDomain, which nothing answers to.",
    )


class RetrySettings(SettingsModel):
    """How long Pub/Sub waits before it delivers a refused event again; the wait grows from least to most."""

    least: _Backoff = Field(default=Duration.parse("10 s"), description="Wait before the first repetition.")
    most: _Backoff = Field(default=Duration.parse("60 s"), description="Longest wait; at least `least`.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.most < self.least:
            refuse_all(
                [
                    Finding(
                        "most",
                        self.most,
                        f"at least invalidation.retry.least ({self.least})",
                        f"raise it to {self.least} or more",
                    )
                ]
            )
        return self


class DeadLetterSettings(SettingsModel):
    """What becomes of an event that the worker fails on again and again."""

    attempts: Annotated[int, Whole(5, 100)] = Field(
        default=10,
        description="Deliveries after which an event is put aside; the API takes 5 to 100, and is only roughly exact.",
    )
    retention: _Retention = Field(
        default=Duration.parse("14 days"),
        description="How long an event that was put aside can be looked at; nobody is alarmed by reading it late.",
    )


class InvalidationSettings(StoreSettings):
    """One topic of events that say which cached entries are stale, and the one worker that acts on them."""

    # Pub/Sub API v1, Topic.name: 3 to 255 characters; the names of the subscription and the dead letters grow from it.
    topic: Annotated[
        str,
        Text(
            r"(?!goog)[a-z][a-z0-9-]{1,98}[a-z0-9]",
            "3 to 100 lower-case letters, digits and hyphens, starting with a letter, not with goog",
            "cache-invalidation",
        ),
    ] = Field(default="cache-invalidation", description="Name of the topic, as publishers know it (CACHE-INV).")
    publishers: Annotated[list[ClientName], Field(min_length=1)] = Field(
        description="Programs that may publish events: every one that changes what is cached (CACHE-INV).",
        examples=[["application"]],
    )
    worker: ClientName = Field(
        description="Program that acts on the events: it empties the caches. With delivery pull it reads the "
        "subscription as its own service account."
    )
    delivery: Literal["pull", "push"] = Field(
        default="pull",
        description="pull: the worker fetches events, from inside the private network; push: Pub/Sub posts them to an "
        "address that it can reach from outside. Can be changed in place.",
    )
    push: PushSettings | None = Field(default=None, description="Where to; exactly with delivery push.")
    service: InvalidationServiceSettings | None = Field(
        default=None,
        description="The worker as a service that this stack declares, with delivery push; absent: somebody else runs "
        "it.",
    )
    ack_deadline: Annotated[Duration, Between("10 s", "600 s", "1 s")] = Field(
        default=Duration.parse("30 s"),
        description="How long the worker may take over an event before it is delivered again; with push, the request's "
        "time limit.",
    )
    retention: _Retention = Field(
        default=Duration.parse("1 day"),
        description="How long an event waits for the worker, and how far back all events can be replayed. Beyond the "
        "longest time anything is cached (CACHE-LAYERS: 24 hours) an event has nothing left to say.",
    )
    retry: RetrySettings = Field(default_factory=RetrySettings, description="Waits between deliveries of one event.")
    ordered: Annotated[bool, Switch()] = Field(
        default=False,
        description="Whether events of one ordering key arrive in order. Emptying a cache twice or in another order "
        "does no harm, so that it is rarely needed. A change replaces the subscription, and its backlog is lost.",
    )
    exactly_once: Annotated[bool, Switch()] = Field(
        default=False,
        description="Whether an acknowledged event never comes again; slower, dearer, and pull only.",
    )
    dead_letter: DeadLetterSettings = Field(
        default_factory=DeadLetterSettings, description="Events that fail again and again."
    )

    @property
    def summary(self) -> str:
        """What was understood, in one line."""
        extras = [name for name, given in (("ordered", self.ordered), ("exactly once", self.exactly_once)) if given]
        return ", ".join(
            [
                f"Pub/Sub topic {self.topic} from {', '.join(self.publishers)}",
                f"{self.delivery} to {(self.push and self.push.endpoint) or self.worker}",
                *([self.service.summary] if self.service else []),
                *extras,
                f"kept {self.retention}, put aside after {self.dead_letter.attempts} attempts",
            ]
        )

    @property
    def client_paths(self) -> Mapping[str, str]:
        """Every publisher, the worker, and the account that signs pushed events."""
        pushing = {self.push.account: "push.account"} if self.push else {}
        return {**listed("publishers", self.publishers), self.worker: "worker", **pushing}

    @model_validator(mode="after")
    def _check(self) -> Self:
        findings: list[Finding] = []
        if len(set(self.publishers)) != len(self.publishers):
            findings.append(Finding("publishers", self.publishers, "each program once", "remove the repetition"))
        if (self.delivery == "push") != (self.push is not None):
            findings.append(
                Finding(
                    "push",
                    "an address" if self.push else "missing",
                    "an address exactly when invalidation.delivery is push",
                    "remove it, or write delivery: push" if self.push else "add endpoint and account below it",
                )
            )
        findings.extend(self._about_the_service())
        if self.exactly_once and self.delivery == "push":
            findings.append(
                Finding(
                    "exactlyOnce",
                    self.exactly_once,
                    "only with delivery pull (Google, exactly-once delivery)",
                    "write false; the worker must bear an event twice anyway",
                )
            )
        refuse_all(findings)
        return self

    def _about_the_service(self) -> Iterator[Finding]:
        """The worker is either declared here or somewhere else, and only a declared one's address is known."""
        if self.service is not None and self.delivery == "pull":
            allowed = "only with delivery push: Cloud Run runs as many instances as requests need"
            yield Finding("service", "a service", allowed, "write delivery: push with push.account, or remove it")
        if self.push is not None and (self.push.endpoint is None) != (self.service is not None):
            yield Finding(
                "push.endpoint",
                self.push.endpoint or "missing",
                "an address exactly when the stack declares no invalidation.service of its own",
                "remove it" if self.service else "write it, or declare the service",
            )
