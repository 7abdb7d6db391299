"""Customer-managed encryption: a key ring a region, a key a store, and the grant its service agent needs first."""

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.project_services import ProjectServices
from infra.derive.encryption import EncryptionPlan, KeyPlan, KeyRingPlan

_ROLE = "roles/cloudkms.cryptoKeyEncrypterDecrypter"


@dataclass(frozen=True)
class EncryptionArgs:
    """What the keys are built from."""

    plan: EncryptionPlan
    services: ProjectServices


@dataclass(frozen=True)
class UsableKey:
    """A key together with the grant that must exist before a store is created with it."""

    key_id: pulumi.Output[str]
    grant: pulumi.Resource


class Encryption(Component):
    """Every key of the platform. A lost key is lost data: keys and rings are guarded like the stores themselves."""

    def __init__(self, name: str, args: EncryptionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._identities = {agent: self._identity(agent) for agent in args.plan.agents}
        self._keys = {
            (ring.region, store): key for ring in args.plan.rings for store, key in self._ring_with_keys(ring).items()
        }
        self.register_outputs(
            {"keys": {f"{region}/{store}": key.key_id for (region, store), key in self._keys.items()}}
        )

    def key(self, store: str, region: str) -> UsableKey:
        """The key of a store in a region; KeyError when the catalogue gives it none there."""
        return self._keys[region, store]

    def _identity(self, agent: str) -> gcp.projects.ServiceIdentity:
        api = agent.removesuffix(".googleapis.com")
        return gcp.projects.ServiceIdentity(f"agent-{api}", service=agent, opts=self.inside(self._args.services[api]))

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
        grant = gcp.kms.CryptoKeyIAMMember(
            f"key-grant-{ring_plan.key}-{plan.store}",
            crypto_key_id=key.id,
            role=_ROLE,
            member=self._identities[plan.agent].member,
            opts=self.inside(),
        )
        return UsableKey(key.id, grant)
