"""The one error a person sees: where, what was found, what is allowed, how to fix it."""


class RecoveryError(Exception):
    """Something that stops a command; nothing in the message is a secret.

    `allowed` and `fix` are left out of the text where there is nothing to say.
    """

    def __init__(self, where: str, given: str, *, allowed: str = "", fix: str = "") -> None:
        self.where = where
        self.given = given
        parts = (f"{where}: {given}", f"allowed: {allowed}" if allowed else "", f"to fix: {fix}" if fix else "")
        super().__init__("\n  ".join(part for part in parts if part))


class RefusedError(RecoveryError):
    """The command was understood and does not do it: no consent, or data that does not hold."""
