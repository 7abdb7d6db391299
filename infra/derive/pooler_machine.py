"""What a pooler machine is made from: everything of its template that the cloud does not have to tell first."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

TAG = "pooler"
"""The network tag that the firewall knows the machines by."""

SYSTEM = "projects/cos-cloud/global/images/family/cos-121-lts"
"""Container-Optimized OS: no package manager, a read-only root, updates in place (pooler_files.py)."""


def template(machine_type: str, user_data: str) -> dict[str, Any]:
    """The template's inputs, without its name and without what other resources tell it."""
    return {
        "description": "PgBouncer and its read router",
        "machine_type": machine_type,
        "can_ip_forward": False,
        "tags": [TAG, "health-checked", "iap-ssh"],
        "metadata": {
            "user-data": user_data,
            "cos-update-strategy": "update_enabled",
            "enable-oslogin": "TRUE",
            "block-project-ssh-keys": "TRUE",
            "serial-port-enable": "FALSE",
            "google-logging-enabled": "true",
        },
        "shielded_instance_config": {
            "enable_secure_boot": True,
            "enable_vtpm": True,
            "enable_integrity_monitoring": True,
        },
        "scheduling": {
            "automatic_restart": True,
            "on_host_maintenance": "MIGRATE",
            "provisioning_model": "STANDARD",
            "preemptible": False,
        },
    }


def boot_disk() -> dict[str, Any]:
    """The machine's one disk, in GB; it holds the system and the image."""
    return {
        "source_image": SYSTEM,
        "boot": True,
        "auto_delete": True,
        "disk_type": "pd-balanced",
        "disk_size_gb": 20,
    }


def template_name(prefix: str, *parts: Mapping[str, Any]) -> str:
    """A name of the content: a changed template is another one, and the old one's name is taken while it is in use.

    Whatever replaces the template must be among the parts, the provider's default labels too.
    """
    told = json.dumps(parts, sort_keys=True, default=str)
    return f"{prefix}-{hashlib.sha256(told.encode()).hexdigest()[:10]}"
