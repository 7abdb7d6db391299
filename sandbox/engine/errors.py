"""The one error the sandbox's launcher shows to its user."""


class LauncherError(Exception):
    """Something the user can put right; the message says what was found and what to do."""
