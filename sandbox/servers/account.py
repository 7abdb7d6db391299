"""Who servers run as, and which folders that user can reach.

PostgreSQL and Elasticsearch refuse to run as root. Started by root, every server and its tools run as an unprivileged
user; started by anybody else, they run as that user.
"""

import contextlib
import os
import pwd
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

USER_VARIABLE = "TRIPTRIP_SERVER_USER"
"""Names the user that servers run as when tests run as root; it must exist."""

_DEFAULT_USER = "nobody"


class AccountError(RuntimeError):
    """There is no user that servers could run as; the message says what to set."""


@dataclass(frozen=True)
class Account:
    """A user of this machine; `is_other` when it is not the one that runs the tests."""

    name: str
    uid: int
    gid: int
    is_other: bool

    def own(self, path: Path) -> None:
        """Hand a file or folder to the account."""
        if self.is_other:
            os.chown(path, self.uid, self.gid)

    def reaches(self, folder: Path) -> bool:
        """Whether the account may walk into a folder, or into the nearest of its parents that exists."""
        if not self.is_other:
            return True
        existing = next(parent for parent in (folder, *folder.parents) if parent.exists()).resolve()
        return all(self._may_enter(parent) for parent in (existing, *existing.parents))

    @contextlib.contextmanager
    def acting(self) -> Iterator[None]:
        """Act as the account inside the block: for a server that lets in its own user alone, by a socket."""
        if not self.is_other:
            yield
            return
        own = os.geteuid()
        os.seteuid(self.uid)
        try:
            yield
        finally:
            os.seteuid(own)

    def _may_enter(self, folder: Path) -> bool:
        found = folder.stat()
        if found.st_uid == self.uid:
            return bool(found.st_mode & stat.S_IXUSR)
        if found.st_gid == self.gid:
            return bool(found.st_mode & stat.S_IXGRP)
        return bool(found.st_mode & stat.S_IXOTH)


def server_account() -> Account:
    """The account of this machine's servers; raises AccountError when there is none."""
    is_root = os.geteuid() == 0
    wanted = os.environ.get(USER_VARIABLE, _DEFAULT_USER)
    try:
        entry = pwd.getpwnam(wanted) if is_root else pwd.getpwuid(os.geteuid())
    except KeyError as error:
        who = f"user {wanted}" if is_root else f"user id {os.geteuid()}"
        raise AccountError(
            f"{who} is not in the user database, and PostgreSQL does not run as a user without a name; "
            + (f"set {USER_VARIABLE} to a user that exists" if is_root else "run the tests as a user that has one")
        ) from error
    if entry.pw_uid == 0:
        raise AccountError(f"{USER_VARIABLE} names root; servers refuse it: name an unprivileged user")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, is_other=is_root)


def first_reachable(account: Account, folders: Iterable[Path]) -> Path:
    """The first folder the account can walk into; raises AccountError when there is none."""
    tried = list(folders)
    for folder in tried:
        if account.reaches(folder):
            return folder
    raise AccountError(f"user {account.name} can enter none of {', '.join(map(str, tried))}: make one of them mode 755")
