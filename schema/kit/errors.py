"""The one error a user sees: where, what was found, what is allowed, how to fix it."""


class SchemaError(Exception):
    """Something that stops the command; nothing in the message is a secret.

    `allowed` and `fix` are left out of the text where there is nothing to say.
    """

    def __init__(self, where: str, given: str, *, allowed: str = "", fix: str = "") -> None:
        self.where = where
        self.given = given
        self.allowed = allowed
        self.fix = fix
        parts = (f"{where}: {given}", f"allowed: {allowed}" if allowed else "", f"to fix: {fix}" if fix else "")
        super().__init__("\n  ".join(part for part in parts if part))
