"""Containers on machines: each is the image that was reviewed, whatever its tag means today."""

import re
import shlex
from collections.abc import Iterator, Sequence

from policies.kit import Case, Resource, Severity, rule
from policies.kit.machines import MACHINES, told
from policies.kit.types import INSTANCE_TEMPLATE, MACHINE, REGION_INSTANCE_TEMPLATE
from policies.kit.waiting import about_each

_BY_DIGEST = re.compile(r"[^\s@]+@sha256:[0-9a-f]{64}")
_DOCKER = re.compile(r"(?<![\w.-])docker(?=\s)")
_ITEMS = re.compile(r"\s*-\s*\[(.*)\]\s*")
_DECLARED = re.compile(r"\s*(?:-\s+)?\"?image\"?:\s+[\"']?([^\s\"',]+)")
_CONTINUED = re.compile(r"\\\n\s*")
_VERBS = ("create", "pull", "run")
_SWITCHES = frozenset(
    {
        *("-D", "--debug", "--tls", "--tlsverify"),
        *("--all-tags", "-d", "--detach", "--disable-content-trust", "-i", "--interactive", "--init"),
        *("--no-healthcheck", "--oom-kill-disable", "-P", "--publish-all", "--privileged", "-q", "--quiet"),
        *("--read-only", "--rm", "--sig-proxy", "-t", "--tty", "--use-api-socket"),
    }
)
"""Options of docker, and of its commands create, pull and run, that stand alone; each other one takes a value."""


_PINNED = f"asia-northeast1-docker.pkg.dev/p/platform/pooler@sha256:{'0123456789abcdef' * 4}"
_TAGGED = "asia-northeast1-docker.pkg.dev/p/platform/pooler:1.24"
_UNIT = """\
#cloud-config
write_files:
- path: /etc/systemd/system/pgbouncer.service
  content: |
    # docker run pooler:latest is what this is not
    [Unit]
    After=docker.service
    [Service]
    ExecStartPre=-/usr/bin/docker rm --force pgbouncer
    ExecStartPre=/usr/bin/docker --config /home/chronos/.docker pull --quiet {image}
    ExecStart=/usr/bin/docker run --rm --name pgbouncer --network host -v/etc/pooler:/etc/pooler:ro -e A=b \\
      --read-only --log-driver=journald {image} pgbouncer /etc/pooler/write.ini
    ExecStop=/usr/bin/docker stop --time 60 pgbouncer
"""


def _told(text: str) -> Case:
    return Case({"metadata": {"user-data": text}}, REGION_INSTANCE_TEMPLATE)


@rule(
    "vm-image-digest",
    title="Machines start containers by their digests only",
    severity=Severity.HIGH,
    types=MACHINES,
    sources=["NIST 800-53: CM-7", "NIST 800-53: SI-7", "NIST 800-53: SR-11"],
    reason="a tag can be moved: the next machine that starts would run what nobody has reviewed, beside the others",
    fix="write the image as <image>@sha256:<64 hexadecimal digits>, not as a tag and not as a variable",
    good=[
        _told(_UNIT.format(image=_PINNED)),
        _told("#cloud-config\nruncmd:\n- [systemctl, restart, docker]\n- systemctl enable docker\n"),
        _told(f"runcmd:\n- [docker, pull, {_PINNED}]\n- sh -c 'docker run -dit -p 1:1 {_PINNED} || true'\n"),
        Case({"metadata": {"gce-container-declaration": f"spec:\n  containers:\n  - image: {_PINNED}\n"}}, MACHINE),
        Case({"metadataStartupScript": f"docker container run --rm {_PINNED}"}, INSTANCE_TEMPLATE),
        Case({}, REGION_INSTANCE_TEMPLATE),
    ],
    bad=[
        _told(f"ExecStart=/usr/bin/docker run --rm --name pgbouncer --network host {_TAGGED} pgbouncer"),
        _told(_UNIT.format(image=_TAGGED)),
        _told(f"docker run {_TAGGED} --note {_PINNED}"),
        _told(f"docker pull {_PINNED}\ndocker run \\\n  --rm \\\n  pooler:1.24"),
        _told(f"docker pull {_PINNED[:-1]}"),
        _told("docker run --rm $IMAGE"),
        _told(f"docker run --rm {_PINNED}; docker run --rm alpine"),
        _told("docker run --rm"),
        _told("runcmd:\n- [docker, pull, alpine]\n"),
        _told("runcmd:\n- sh -c 'docker run -it alpine'\n"),
        _told("docker --config=/a -l debug image pull alpine"),
        _told("docker container create -v /a:/a -p 1:1 -it alpine"),
        Case({"metadata": {"gce-container-declaration": "spec:\n  containers:\n  - image: 'alpine:3'\n"}}, MACHINE),
        Case({"metadataStartupScript": "docker run alpine"}, INSTANCE_TEMPLATE),
        Case({"metadata": {"startup-script": "docker run alpine"}}, MACHINE),
    ],
)
def image_digest(machine: Resource) -> Iterator[str]:
    def check(path: str) -> Iterator[str]:
        for image in images(machine.text(path)):
            if not _BY_DIGEST.fullmatch(image):
                shown = "an image" if machine.is_secret(path) else image or "no image"
                yield f"{path} starts {shown}; it must be named by its digest, <image>@sha256:<64 hexadecimal digits>"

    yield from about_each(told(machine), check)


def images(text: str) -> Iterator[str]:
    """The images that a script, a list of commands or a declaration starts; an empty text for a command without one."""
    for line in _CONTINUED.sub(" ", text).splitlines():
        if line.lstrip().startswith("#"):
            continue
        if found := _DECLARED.match(line):
            yield found[1]
        command = _plain(line)
        for docker in _DOCKER.finditer(command):
            yield from _image(_words(command[docker.end() :]))


def _plain(line: str) -> str:
    """The line, or the command that a list in YAML writes as its words."""
    found = _ITEMS.fullmatch(line)
    return " ".join(item.strip().strip("\"'") for item in found[1].split(",")) if found else line


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        # The end of a quotation that began before.
        return [word.strip("\"'") for word in command.split()]


def _image(words: Sequence[str]) -> Iterator[str]:
    """The image of what stands after `docker`; nothing when the command takes none."""
    command = _after_options(words)
    if command[:1] in (["container"], ["image"]):
        command = command[1:]
    if command[:1] and command[0] in _VERBS:
        yield next(iter(_after_options(command[1:])), "").rstrip(";&|)`")


def _after_options(words: Sequence[str]) -> list[str]:
    rest = list(words)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if _takes_the_next(option):
            rest = rest[1:]
    return rest


def _takes_the_next(option: str) -> bool:
    if option.startswith("--"):
        return option != "--" and "=" not in option and option not in _SWITCHES
    # -it are two switches; -p1:1 has its value with it.
    letters = option[1:]
    while letters and f"-{letters[0]}" in _SWITCHES:
        letters = letters[1:]
    return len(letters) == 1
