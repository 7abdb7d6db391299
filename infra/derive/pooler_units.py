"""How a pooler machine's services are written: systemd units, their containers, and cloud-init around them."""

from collections.abc import Iterable, Mapping

import yaml

FOLDER = "/etc/pooler"
"""Files that everybody may read who may read the machine's metadata."""

USER_ID = 65532
"""The unprivileged user of every container, `nonroot` in images without a shell."""

HOME = "HOME=/home/chronos"
"""Where docker looks for the way to sign in to the registry; the system's own user, whose folder is writable."""

SECRETS_UNIT = "pooler-secrets.service"
"""What every other service waits for: it also tells docker how to sign in to the registries."""

Entries = Mapping[str, str | list[str]]


def run(name: str, image: str, command: str, flags: Iterable[str]) -> str:
    """The command of a container without rights: nothing of it can be written but what a flag lets in."""
    always = [
        "--rm",
        f"--name {name}",
        "--network host",
        f"--user {USER_ID}:{USER_ID}",
        "--read-only",
        "--cap-drop ALL",
        "--security-opt no-new-privileges",
        "--log-driver journald",
    ]
    return f"/usr/bin/docker run {' '.join([*always, *flags])} {image} {command}".rstrip()


def folder(path: str) -> str:
    """The command that makes a folder which containers alone may enter."""
    return f"/usr/bin/install -d -m 0700 -o {USER_ID} -g {USER_ID} {path}"


def lasting(name: str, command: str, service: Entries, preparing: Iterable[str] = ()) -> str:
    """A container that is started again whenever it ends; `preparing` are commands before each start."""
    return sections(
        {
            "Unit": {
                "Description": name,
                # Not required: a first attempt that fails would be the last, also when the secrets come seconds later.
                "Wants": SECRETS_UNIT,
                "After": SECRETS_UNIT,
                # Started again and again until its files are there, not given up after five times in ten seconds.
                "StartLimitIntervalSec": "0",
            },
            "Service": {
                "Restart": "always",
                "Environment": HOME,
                "ExecStartPre": [f"-/usr/bin/docker rm --force {name}", *preparing],
                "ExecStart": command,
                **service,
            },
        }
    )


def sections(content: Mapping[str, Entries]) -> str:
    """A unit's text; a list is a line for each."""
    lines: list[str] = []
    for name, entries in content.items():
        lines.append(f"[{name}]")
        for key, value in entries.items():
            lines += [f"{key}={each}" for each in ([value] if isinstance(value, str) else value)]
        lines.append("")
    return "\n".join(lines)


def cloud_config(files: Mapping[str, str], commands: Iterable[str]) -> str:
    """A machine's user-data: files by path, then what is run once."""
    written = [{"path": path, "permissions": "0644", "content": text} for path, text in files.items()]
    document = {"write_files": written, "runcmd": list(commands)}
    return "#cloud-config\n" + yaml.dump(document, Dumper=_Literal, sort_keys=False, width=10_000)


class _Literal(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # chosen when it runs
    """Writes texts of several lines as they are, so that a person can read them in a preview."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Literal.add_representer(str, _text)
