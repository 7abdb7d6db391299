"""Turns a tracked stack file into the sandbox's copy of it.

The sandbox has its own passphrase and no access to the real key, so what only the real key can read is left out:
``secretsprovider`` and ``encryptedkey`` are dropped and every ``secure:`` value becomes a harmless plain stand-in.
Works on YAML nodes, never on loaded values: a value such as 12:30 or 2027-01-01 must reach Pulumi as it was written.
"""

from __future__ import annotations

import hashlib
import json

import yaml

from sandbox.engine.errors import LauncherError

STAND_IN = "sandbox-stand-in"
"""What a secret of the real stack reads as in the sandbox."""

SALT_KEY = "encryptionsalt"
_REAL_KEYS = frozenset({"encryptedkey", SALT_KEY, "secretsprovider"})


def for_sandbox(text: str, salt: str | None, name: str) -> str:
    """Return the sandbox's copy of the stack file ``text``, with the sandbox's own encryption ``salt`` when it has one.

    ``name`` is the file's name for messages. Raises LauncherError when the text is no YAML mapping.
    """
    root = _compose(text, name)
    if root is not None and (root.flow_style or _drop_real_keys(root) | _replace_secrets(root)):
        text = _serialized(root)
    if salt is None:
        return text
    separator = "" if not text or text.endswith("\n") else "\n"
    return f"{text}{separator}{SALT_KEY}: {salt}\n"


def salt_of(text: str, name: str) -> str | None:
    """Return the encryption salt that the CLI has written into ``text``, or None."""
    root = _compose(text, name)
    for key, value in root.value if root is not None else ():
        if key.value == SALT_KEY and isinstance(value, yaml.ScalarNode):
            return str(value.value)
    return None


def fingerprint(text: str, name: str) -> str:
    """Return a hash of what ``text`` says apart from the salt; comments, order of keys and layout do not count."""
    root = _compose(text, name)
    kept = [] if root is None else [(key, value) for key, value in root.value if key.value != SALT_KEY]
    meaning = sorted(json.dumps([_meaning(key), _meaning(value)], sort_keys=True) for key, value in kept)
    return hashlib.sha256(json.dumps(meaning).encode()).hexdigest()


def _compose(text: str, name: str) -> yaml.MappingNode | None:
    """Return the mapping at the top of ``text``, or None when it holds nothing."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise LauncherError(f"{name} is not valid YAML: {error}") from error
    if root is None or isinstance(root, yaml.MappingNode):
        return root
    raise LauncherError(f"{name} must be a YAML mapping (config: ...), its top level is a list or a plain value")


def _serialized(root: yaml.MappingNode) -> str:
    """Write the mapping with one top-level key a line, so that the salt can follow it."""
    root.flow_style = False
    # An empty mapping has no other form than {}, which nothing may follow.
    return yaml.serialize(root, Dumper=yaml.SafeDumper, allow_unicode=True, width=1000) if root.value else ""


def _drop_real_keys(root: yaml.MappingNode) -> bool:
    """Drop what belongs to the real stack's secrets; True when there was any."""
    kept = [pair for pair in root.value if pair[0].value not in _REAL_KEYS]
    dropped = len(kept) < len(root.value)
    root.value = kept
    return dropped


def _replace_secrets(node: yaml.Node) -> bool:
    """Replace every ``{secure: ...}`` below ``node``; True when there was any."""
    replaced = False
    if isinstance(node, yaml.MappingNode):
        for index, (key, value) in enumerate(node.value):
            if _is_secret(value):
                node.value[index] = (key, yaml.ScalarNode("tag:yaml.org,2002:str", STAND_IN))
                replaced = True
            else:
                replaced |= _replace_secrets(value)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            if _is_secret(value):
                node.value[index] = yaml.ScalarNode("tag:yaml.org,2002:str", STAND_IN)
                replaced = True
            else:
                replaced |= _replace_secrets(value)
    return replaced


def _is_secret(node: yaml.Node) -> bool:
    return isinstance(node, yaml.MappingNode) and [key.value for key, _ in node.value] == ["secure"]


def _meaning(node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return {json.dumps(_meaning(key)): _meaning(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_meaning(value) for value in node.value]
    return [node.tag, node.value]
