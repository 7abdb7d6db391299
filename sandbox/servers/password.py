"""The password of this machine's test servers."""

import fcntl
import secrets

from sandbox.servers.account import Account
from sandbox.servers.install import cache_folder


def machine_password(account: Account) -> str:
    """The password of the built-in users of this machine's test servers: made once, for the account's eyes only.

    Servers listen on loopback, which every user of a machine shares, so they ask for one.
    """
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"password-{account.uid}"
    with (folder / "password.lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            made = file.with_suffix(".new")
            made.touch(mode=0o600)
            made.write_text(secrets.token_urlsafe(18), encoding="ascii")
            made.rename(file)
    return file.read_text(encoding="ascii")
