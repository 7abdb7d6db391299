"""Machines, and the templates that they are made from: how they start, who signs in, and as whom they act."""

import re
from collections.abc import Iterator, Sequence

from policies.exposure.members import is_own_address, project_of
from policies.kit import Case, Node, Parameter, Resource, Severity, Stack, Undecided, must_be, rule, stated
from policies.kit.machines import MACHINES, boot_images
from policies.kit.types import INSTANCE_TEMPLATE, MACHINE, REGION_INSTANCE_TEMPLATE, SERVICE_ACCOUNT
from policies.kit.waiting import about_each, all_of, some_of


def _template(**inputs: object) -> Case:
    return Case(inputs, REGION_INSTANCE_TEMPLATE)


_SHIELDED = {"enableSecureBoot": True, "enableVtpm": True, "enableIntegrityMonitoring": True}


@rule(
    "vm-shielded",
    title="Machines start from signed software only, and measure it",
    severity=Severity.MEDIUM,
    types=MACHINES,
    sources=[
        "CIS GCP 5.0: 4.8",
        "NIST 800-53: SI-7",
        "CKV_GCP_39",
        "trivy GCP-0041",
        "trivy GCP-0045",
        "trivy GCP-0067",
    ],
    reason="what is changed below the operating system survives every restart and is seen by no program above it",
    fix="set enableSecureBoot, enableVtpm and enableIntegrityMonitoring of shieldedInstanceConfig to true",
    good=[_template(shieldedInstanceConfig=_SHIELDED), Case({"shieldedInstanceConfig": _SHIELDED}, MACHINE)],
    bad=[
        _template(),
        _template(shieldedInstanceConfig={}),
        *(_template(shieldedInstanceConfig={**_SHIELDED, each: False}) for each in _SHIELDED),
        Case({"shieldedInstanceConfig": {"enableVtpm": True, "enableIntegrityMonitoring": True}}, INSTANCE_TEMPLATE),
    ],
)
def shielded(machine: Resource) -> Iterator[str]:
    yield from all_of(*(must_be(machine, f"shieldedInstanceConfig.{each}", True) for each in _SHIELDED))


_SIGN_IN = {"enable-oslogin": "TRUE", "block-project-ssh-keys": "TRUE", "serial-port-enable": "FALSE"}


def _metadata(**changed: object) -> Case:
    names = {name.replace("_", "-"): value for name, value in changed.items()}
    return _template(metadata={**_SIGN_IN, **names})


@rule(
    "vm-sign-in",
    title="People sign in to machines by IAM, and nobody by a key that lies around or by the serial port",
    severity=Severity.HIGH,
    types=MACHINES,
    sources=[
        "CIS GCP 5.0: 4.3",
        "CIS GCP 5.0: 4.4",
        "CIS GCP 5.0: 4.5",
        "NIST 800-53: AC-2",
        "NIST 800-53: AC-17",
        "CKV_GCP_32",
        "CKV_GCP_34",
        "CKV_GCP_35",
        "trivy GCP-0030",
        "trivy GCP-0032",
        "trivy GCP-0036",
    ],
    reason="a key in the project's metadata opens every machine for ever, and no firewall stands before a serial port",
    fix="set enable-oslogin and block-project-ssh-keys to TRUE and serial-port-enable to FALSE in the metadata: left "
    "out, those of the project hold",
    good=[
        _metadata(),
        _metadata(enable_oslogin="true", block_project_ssh_keys="true", serial_port_enable="false"),
        Case({"metadata": _SIGN_IN}, MACHINE),
    ],
    bad=[
        _template(),
        *(_template(metadata={name: value for name, value in _SIGN_IN.items() if name != each}) for each in _SIGN_IN),
        _metadata(enable_oslogin="FALSE"),
        _metadata(block_project_ssh_keys="FALSE"),
        _metadata(serial_port_enable="TRUE"),
        _metadata(serial_port_enable="1"),
        _metadata(ssh_keys="somebody:ssh-ed25519 AAAA"),
        Case({"metadata": {**_SIGN_IN, "sshKeys": "somebody:ssh-ed25519 AAAA"}}, MACHINE),
    ],
)
def sign_in(machine: Resource) -> Iterator[str]:
    def must_say(name: str) -> Iterator[str]:
        wanted = _SIGN_IN[name]
        if machine.text(f"metadata.{name}").upper() != wanted:
            yield stated(machine, f"metadata.{name}", wanted)

    yield from about_each(_SIGN_IN, must_say)
    for name in ("ssh-keys", "sshKeys"):
        if machine.has(f"metadata.{name}"):
            yield f"metadata.{name} lets somebody in by a key"


@rule(
    "vm-logs",
    title="Machines hand their logs over",
    severity=Severity.MEDIUM,
    types=MACHINES,
    sources=["NIST 800-53: AU-4", "NIST 800-53: AU-12"],
    reason="a machine is made anew with every update, and what only its own disk recorded is gone with it",
    fix='set google-logging-enabled to "true" in the metadata',
    good=[_template(metadata={"google-logging-enabled": "true"})],
    bad=[
        _template(),
        _template(metadata={}),
        _template(metadata={"google-logging-enabled": "false"}),
        Case({"metadata": {"enable-oslogin": "TRUE"}}, MACHINE),
    ],
)
def logs(machine: Resource) -> Iterator[str]:
    if machine.text("metadata.google-logging-enabled").lower() != "true":
        yield stated(machine, "metadata.google-logging-enabled", "true")


_ACCOUNT = (SERVICE_ACCOUNT, {"accountId": "triptrip-prod-pooler"})
_ADDRESS = "triptrip-prod-pooler@triptrip-prod.iam.gserviceaccount.com"


def _acting(email: object, type_: str = REGION_INSTANCE_TEMPLATE) -> Case:
    return Case(stack={"account": _ACCOUNT, "machine": (type_, {"serviceAccount": {"email": email}})})


@rule(
    "vm-own-account",
    title="Machines act as a service account of this stack",
    severity=Severity.HIGH,
    types=[*MACHINES, SERVICE_ACCOUNT],
    sources=[
        "CIS GCP 5.0: 4.1",
        "CIS GCP 5.0: 4.2",
        "NIST 800-53: AC-6",
        "CKV_GCP_30",
        "CKV_GCP_31",
        "trivy GCP-0044",
    ],
    reason="the default account may edit the whole project: whoever gets into one machine has every store",
    fix="give the machines an account of their own in serviceAccount.email, and grant it what they need",
    good=[_acting(_ADDRESS), _acting(_ADDRESS, MACHINE), _acting(_ADDRESS, INSTANCE_TEMPLATE)],
    bad=[
        _acting("123456789012-compute@developer.gserviceaccount.com"),
        _acting("default"),
        _acting(None),
        _acting("somebody@triptrip-prod.iam.gserviceaccount.com", MACHINE),
        _acting("triptrip-prod-pooler@elsewhere.example"),
        Case(stack={"machine": (REGION_INSTANCE_TEMPLATE, {"serviceAccount": {"email": _ADDRESS}})}),
        Case(stack={"account": _ACCOUNT, "machine": (REGION_INSTANCE_TEMPLATE, {})}),
    ],
)
def own_account(stack: Stack) -> Iterator[tuple[Resource, str]]:
    accounts = stack.of(SERVICE_ACCOUNT)

    def is_ours(machine: Resource) -> bool:
        try:
            email = machine.text("serviceAccount.email")
        except Undecided:
            # An address is given by the cloud: until then it is that of the account which the machine depends on.
            if any(account.urn in machine.dependencies for account in accounts):
                return True
            raise
        named = email.partition("@")[0]
        known = some_of(accounts, lambda account: account.text("accountId") == named)
        return known and is_own_address(email, project_of(machine))

    def check(machine: Resource) -> Iterator[tuple[Resource, str]]:
        if not is_ours(machine):
            yield machine, stated(machine, "serviceAccount.email", "the address of a service account of this stack")

    yield from about_each(stack.of(*MACHINES), check)


@rule(
    "vm-no-forwarding",
    title="No machine passes on what is not sent to it",
    severity=Severity.MEDIUM,
    types=MACHINES,
    sources=["CIS GCP 5.0: 4.6", "NIST 800-53: SC-7", "CKV_GCP_36", "trivy GCP-0043"],
    reason="a machine that forwards packets is a way around the firewall, under any sender's address",
    fix="set canIpForward to false",
    good=[_template(canIpForward=False), _template(), Case({"canIpForward": False}, MACHINE)],
    bad=[_template(canIpForward=True), Case({"canIpForward": True}, MACHINE)],
)
def no_forwarding(machine: Resource) -> Iterator[str]:
    yield from must_be(machine, "canIpForward", False, None)


_COS = "projects/cos-cloud/global/images/family/cos-121-lts"
_IMAGE = re.compile(
    r"(?:https://www\.googleapis\.com/compute/v1/)?(?:projects/)?([a-z][a-z0-9-]+)/(?:global/images/)?.+"
)
_UPDATED = {"cos-update-strategy": "update_enabled"}


def _boot(image: object, metadata: object, **disk: object) -> Case:
    return _template(disks=[{"sourceImage": image, "boot": True, **disk}], metadata=metadata)


@rule(
    "vm-updates",
    title="Machines run a system that updates itself",
    severity=Severity.MEDIUM,
    types=MACHINES,
    sources=["CIS GCP 5.0: 4.12", "NIST 800-53: SI-2"],
    reason="holes of the kernel are known to everybody weeks before somebody makes the machines anew; from milestone "
    "117 on Container-Optimized OS updates itself only when it is told to",
    fix="start from a family of cos-cloud, and set cos-update-strategy to update_enabled in the metadata",
    parameters={"publishers": Parameter(("cos-cloud",), "Projects whose images machines may start from")},
    good=[
        _boot(_COS, _UPDATED),
        _boot("cos-cloud/cos-121-lts", _UPDATED),
        Case({"bootDisk": {"initializeParams": {"image": _COS}}, "metadata": _UPDATED}, MACHINE),
        Case({"disks": [{"sourceImage": _COS}, {"diskSizeGb": 20}], "metadata": _UPDATED}, INSTANCE_TEMPLATE),
    ],
    bad=[
        _boot(_COS, {}),
        _boot(_COS, {"cos-update-strategy": "update_disabled"}),
        _boot("projects/somebody/global/images/family/cos-121-lts", _UPDATED),
        _boot("debian-cloud/debian-12", _UPDATED),
        _boot("cos-121-lts", _UPDATED),
        _template(disks=[{"source": "a-disk"}], metadata=_UPDATED),
        _template(disks=[], metadata=_UPDATED),
        Case({"bootDisk": {}, "metadata": _UPDATED}, MACHINE),
    ],
)
def updates(machine: Resource, publishers: Sequence[str]) -> Iterator[str]:
    yield from all_of(
        must_be(machine, "metadata.cos-update-strategy", "update_enabled"), _from_publishers(machine, publishers)
    )


def _from_publishers(machine: Resource, publishers: Sequence[str]) -> Iterator[str]:
    images = boot_images(machine)
    if not images:
        yield "no disk names the image that it starts from"

    def check(image: tuple[Node, str]) -> Iterator[str]:
        node, path = image
        found = _IMAGE.fullmatch(node.text(path))
        if not found or found[1] not in publishers:
            yield stated(node, path, f"an image of {' or '.join(publishers)}")

    yield from about_each(images, check)
