"""Machines: their disks are encrypted with a key of ours, and nothing that they are told is a secret."""

import re
from collections.abc import Iterator

from policies.kit import Case, Node, Resource, Severity, must_be_set, rule
from policies.kit.machines import MACHINES, disk_keys, told
from policies.kit.types import INSTANCE_TEMPLATE, MACHINE, REGION_INSTANCE_TEMPLATE
from policies.kit.values import Secret
from policies.kit.waiting import about_each

_KEY = "projects/p/locations/asia-northeast1/keyRings/r/cryptoKeys/k"
_KEPT = {"sourceImage": "cos-cloud/cos-121-lts", "boot": True, "diskEncryptionKey": {"kmsKeySelfLink": _KEY}}


@rule(
    "vm-cmek",
    title="Disks of machines are encrypted with a key of ours",
    severity=Severity.MEDIUM,
    types=MACHINES,
    sources=["NIST 800-53: SC-28", "NIST 800-53: SC-12", "CKV_GCP_38", "trivy GCP-0033"],
    reason="a machine's logs tell of what passes through it; with a key of ours its disks can be made unreadable",
    fix="set diskEncryptionKey.kmsKeySelfLink of every disk, or bootDisk.kmsKeySelfLink, to a key of this stack",
    good=[
        Case({"disks": [_KEPT, {"type": "SCRATCH"}]}, REGION_INSTANCE_TEMPLATE),
        Case({"bootDisk": {"kmsKeySelfLink": _KEY}}, MACHINE),
    ],
    bad=[
        Case({"disks": [{"boot": True}]}, REGION_INSTANCE_TEMPLATE),
        Case({"disks": [{"boot": True, "diskEncryptionKey": {}}]}, REGION_INSTANCE_TEMPLATE),
        Case({"disks": [_KEPT, {"diskSizeGb": 20}]}, INSTANCE_TEMPLATE),
        Case({"disks": []}, REGION_INSTANCE_TEMPLATE),
        Case({"bootDisk": {"initializeParams": {"image": "cos-cloud/cos-121-lts"}}}, MACHINE),
        Case({}, MACHINE),
    ],
)
def cmek(machine: Resource) -> Iterator[str]:
    keys = disk_keys(machine)
    if not keys:
        yield "no disk is stated, so that no key is"

    def check(key: tuple[Node, str]) -> Iterator[str]:
        yield from must_be_set(*key)

    yield from about_each(keys, check)


_LOOKS = {
    "a password": re.compile(
        r"(?:password|passwd|passphrase|pwd)[\"']?[ \t]*[:=][ \t]*[\"']?"
        r"(?!(?:true|false|yes|no|null)\b)[^\s\"'$`<{(/%,;)]{3,}",
        re.IGNORECASE,
    ),
    "PostgreSQL's form of a password": re.compile(r"SCRAM-SHA-256\$\d+:|\bmd5[0-9a-f]{32}\b"),
    "a line of PgBouncer's users": re.compile(r"^[ \t]*\"[^\"\s]+\"[ \t]+\"[^\"]+\"[ \t]*$", re.MULTILINE),
}
"""What tells a secret in a text for a machine, beside what no-secret-text finds in any text."""


def _text(text: object, key: str = "user-data") -> Case:
    return Case({"metadata": {key: text}}, REGION_INSTANCE_TEMPLATE)


@rule(
    "vm-no-secret",
    title="What a machine is told at its start holds no secret",
    severity=Severity.CRITICAL,
    types=MACHINES,
    sources=["NIST 800-53: IA-5", "NIST 800-53: SC-28", "NIST policy pack: hardcoded-secrets"],
    reason="every program on the machine, and whoever may look at it in the console, reads its metadata",
    fix="let the machine fetch it from Secret Manager at its start, with its own account",
    good=[
        _text("#cloud-config\nusers:\n- name: a\n  lock_passwd: true\n"),
        _text('{"signing": {"user": "pooler", "passwordFile": "/run/pooler/password"}, "form": "password"}'),
        _text('auth_query = SELECT rolname, rolpassword FROM pg_authid\nPGPASSWORD=$(cat /run/p)\npassword: "/run/p"'),
        Case({"metadata": {"enable-oslogin": "TRUE"}}, MACHINE),
        Case({}, REGION_INSTANCE_TEMPLATE),
    ],
    bad=[
        _text("Environment=PGPASSWORD=hunter2"),
        _text("docker run -e POSTGRES_PASSWORD=hunter2 image"),
        _text('{"user": "pooler", "password": "hunter2"}'),
        _text("  password: hunter2\n"),
        _text('[users]\n  "pooler" "hunter2"\n'),
        _text("pooler = SCRAM-SHA-256$4096:c2FsdA==$aaaa:bbbb"),
        _text('"pooler" "md5' + "0123456789abcdef" * 2 + '"', "users"),
        _text(Secret("nothing that looks like one")),
        Case({"metadata": Secret({"user-data": "a"})}, REGION_INSTANCE_TEMPLATE),
        Case({"metadataStartupScript": "export PASSWORD=hunter2"}, MACHINE),
        Case({"metadataStartupScript": "export PASSWORD=hunter2"}, INSTANCE_TEMPLATE),
    ],
)
def no_secret(machine: Resource) -> Iterator[str]:
    def check(path: str) -> Iterator[str]:
        if machine.is_secret(path):
            yield f"{path} is a secret"
            return
        text = machine.text(path)
        yield from (f"{path} holds {what}" for what, look in _LOOKS.items() if look.search(text))

    yield from about_each(told(machine), check)
