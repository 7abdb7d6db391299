"""Customer-managed encryption: a key ring a region, a key a store, and the grant its service agent needs first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.project_services import ProjectServices
from infra.derive.encryption import EncryptionPlan, KeyPlan, KeyRingPlan

ENCRYPT_DECRYPT = "roles/cloudkms.cryptoKeyEncrypterDecrypter"


@dataclass(frozen=True)
class EncryptionArgs:
    """What the keys are built from."""

    plan: EncryptionPlan
    services: ProjectServices


@dataclass(frozen=True)
class UsableKey:
    """A key together with the grant that must exist before a store is created with it.

    `grant` is the key itself where the store's own component grants who encrypts with it.
    """

    key: gcp.kms.CryptoKey
    grant: pulumi.Resource

    @property
    def key_id(self) -> pulumi.Output[str]:
        """The key's resource name."""
        identifier: pulumi.Output[str] = self.key.id
        return identifier


class Encryption(Component):
    """Every key of the platform. A lost key is lost data: keys and rings are guarded like the stores themselves."""

    def __init__(self, name: str, args: EncryptionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._members = {agent: self._member(agent) for agent in args.plan.agents}
        self._keys = {
            (ring.region, store): key for ring in args.plan.rings for store, key in self._ring_with_keys(ring).items()
        }
        self.register_outputs(
            {"keys": {f"{region}/{store}": key.key_id for (region, store), key in self._keys.items()}}
        )

    def key(self, store: str, region: str) -> UsableKey:
        """The key of a store in a region; KeyError when the catalogue gives it none there."""
        return self._keys[region, store]

    def regions(self, store: str) -> tuple[str, ...]:
        """Where a store has a key: the primary region first."""
        return tuple(region for region, known in self._keys if known == store)

    def agent_member(self, api: str) -> pulumi.Input[str]:
        """The IAM member of an API's service agent ("pubsub"); KeyError when no key of the stack is for it."""
        return self._members[f"{api}.googleapis.com"]

    def _member(self, agent: str) -> pulumi.Input[str]:
        """The IAM member of an API's service agent, made on demand where the API has a call for it."""
        api = agent.removesuffix(".googleapis.com")
        services = self._args.services
        if look_up := _LOOKED_UP.get(api):
            return look_up(self, services[api])
        return services.agent_member(api, self)

    def _ring_with_keys(self, plan: KeyRingPlan) -> dict[str, UsableKey]:
        ring = gcp.kms.KeyRing(
            f"key-ring-{plan.key}",
            name=plan.name,
            location=plan.region,
            opts=self.inside(self._args.services["cloudkms"]),
        )
        return {key.store: self._key_with_grant(plan, key, ring) for key in plan.keys}

    def _key_with_grant(self, ring_plan: KeyRingPlan, plan: KeyPlan, ring: gcp.kms.KeyRing) -> UsableKey:
        encryption = self._args.plan
        key = gcp.kms.CryptoKey(
            f"key-{ring_plan.key}-{plan.store}",
            name=plan.store,
            key_ring=ring.id,
            purpose="ENCRYPT_DECRYPT",
            rotation_period=encryption.rotation_period,
            destroy_scheduled_duration=encryption.destroy_scheduled_duration,
            version_template={
                "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION",
                "protection_level": encryption.protection_level,
            },
            deletion_policy=encryption.key_deletion_policy,
            opts=self.inside(),
        )
        if plan.agent is None:
            return UsableKey(key, key)
        grant = gcp.kms.CryptoKeyIAMMember(
            f"key-grant-{ring_plan.key}-{plan.store}",
            crypto_key_id=key.id,
            role=ENCRYPT_DECRYPT,
            member=self._members[plan.agent],
            opts=self.inside(),
        )
        return UsableKey(key, grant)


def _bigquery_member(owner: Encryption, service: pulumi.Resource) -> pulumi.Input[str]:
    found = gcp.bigquery.get_default_service_account_output(opts=_after(owner, service))
    member: pulumi.Output[str] = found.member
    return member


def _storage_member(owner: Encryption, service: pulumi.Resource) -> pulumi.Input[str]:
    found = gcp.storage.get_project_service_account_output(opts=_after(owner, service))
    member: pulumi.Output[str] = found.member
    return member


def _compute_member(owner: Encryption, service: pulumi.Resource) -> pulumi.Input[str]:
    # No call tells it: the project's number and a fixed name (cloud.google.com/compute/docs/access/service-accounts).
    found = gcp.organizations.get_project_output(opts=_after(owner, service))
    member: pulumi.Output[str] = found.number.apply(
        lambda number: f"serviceAccount:service-{number}@compute-system.iam.gserviceaccount.com"
    )
    return member


def _after(owner: Encryption, service: pulumi.Resource) -> pulumi.InvokeOutputOptions:
    return pulumi.InvokeOutputOptions(parent=owner, depends_on=[service])


_LOOKED_UP: Mapping[str, Callable[[Encryption, pulumi.Resource], pulumi.Input[str]]] = {
    "bigquery": _bigquery_member,
    "compute": _compute_member,
    "storage": _storage_member,
}
"""Agents that are no service identity: the API tells them, and makes them at the first call (SDK 10.2.0)."""
