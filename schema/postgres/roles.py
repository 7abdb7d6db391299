"""Who is in which group role: users come from the stack file, roles from the bootstrap."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import LiteralString

from psycopg import sql

from infra.derive.postgres_roles import GROUP_ROLES, OWNER_ROLE, REPORT_ROLE
from schema.kit import Action, SchemaError, Step
from schema.sql.session import IAM_USER, Connection, limited, told

_ADMINISTRATORS = "cloudsqlsuperuser"
_MEMBERS = """
SELECT member.rolname, role.rolname, grantor.rolname
FROM pg_auth_members
JOIN pg_roles AS role ON role.oid = roleid
JOIN pg_roles AS member ON member.oid = pg_auth_members.member
JOIN pg_roles AS grantor ON grantor.oid = pg_auth_members.grantor
WHERE role.rolname = any(%s) AND member.rolcanlogin AND (inherit_option OR set_option)
"""
"""Without those who may hand a role on and no more: who made it, an administrator, from PostgreSQL 16 on."""
_SETTING = """
SELECT true FROM pg_db_role_setting JOIN pg_roles ON pg_roles.oid = setrole
WHERE rolname = %s AND %s = any(setconfig)
"""


class Memberships:
    """The wanted role of every user that signs in, and what the server has; `wanted` is user → group role.

    `report_memory` is the work_mem of those that make reports, as PostgreSQL writes it (COR-04).
    """

    def __init__(self, connection: Connection, wanted: Mapping[str, str], report_memory: str) -> None:
        self._connection = connection
        self._report_memory = report_memory
        self._owners = {user for user, role in wanted.items() if role == OWNER_ROLE}
        self._wanted = {user: role for user, role in wanted.items() if role != OWNER_ROLE}

    def steps(self) -> Sequence[Step]:
        """Users that are to enter or leave a group role; a user that does not exist yet is a finding instead."""
        there, users = self._members(), self._users()
        missing = [pair for pair in sorted(self._wanted.items()) if pair not in there and pair[0] in users]
        surplus = [pair for pair in sorted(there) if there[pair] == OWNER_ROLE and self._wanted.get(pair[0]) != pair[1]]
        return (
            *(Step(Action.CREATE, _shown(*pair), run=partial(self._grant, *pair)) for pair in missing),
            *(Step(Action.DELETE, _shown(*pair), run=partial(self._revoke, *pair)) for pair in surplus),
        )

    def findings(self) -> Sequence[str]:
        """What only somebody else can mend, with how."""
        users = self._users()
        return (*self._absent(users), *self._given_by_others(), *self._without_work_memory(users))

    def _absent(self, users: set[str]) -> Iterator[str]:
        for user, role in sorted(self._wanted.items()):
            if user not in users:
                yield f"{user} is no user of the database: `pulumi up` makes it, the next apply gives it {role}"

    def _given_by_others(self) -> Iterator[str]:
        for (user, role), grantor in sorted(self._members().items()):
            if self._is_otherwise(user, role) and grantor != OWNER_ROLE:
                remedy = (
                    "postgres.databaseRoles and `pulumi up`" if role == _ADMINISTRATORS else f"a REVOKE by {grantor}"
                )
                yield f"{_shown(user, role)} was granted by {grantor}, and goes away by {remedy}"

    def _is_otherwise(self, user: str, role: str) -> bool:
        """Whether a membership is none of the stack's; an administrator who is no user of it is the cloud's own."""
        if user in self._owners:
            return role != OWNER_ROLE
        if user in self._wanted:
            return role != self._wanted[user]
        return role != _ADMINISTRATORS

    def _without_work_memory(self, users: set[str]) -> Iterator[str]:
        for user, role in sorted(self._wanted.items()):
            # A user with a password belongs to a connection of BigQuery, which nobody can sign in by.
            if role == REPORT_ROLE and user.endswith(IAM_USER) and user in users and not self._has_work_memory(user):
                yield (
                    f"{user} has no work_mem of {self._report_memory}, which only it may set: ALTER ROLE CURRENT_USER "
                    f"SET work_mem = '{self._report_memory}' (docs/runbooks/break-glass-postgres.md)"
                )

    def _members(self) -> dict[tuple[str, str], str]:
        rows = self._connection.execute(_MEMBERS, ([*GROUP_ROLES, _ADMINISTRATORS],))
        return {(member, role): grantor for member, role, grantor in rows}

    def _users(self) -> set[str]:
        known = "SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname = any(%s)"
        rows = self._connection.execute(known, (list(self._wanted),))
        return {name for (name,) in rows}

    def _has_work_memory(self, user: str) -> bool:
        return self._connection.execute(_SETTING, (user, f"work_mem={self._report_memory}")).fetchone() is not None

    def _grant(self, user: str, role: str) -> None:
        self._run("GRANT {} TO {}", user, role)

    def _revoke(self, user: str, role: str) -> None:
        self._run("REVOKE {} FROM {}", user, role)

    def _run(self, statement: LiteralString, user: str, role: str) -> None:
        with told(_shown(user, role)), limited(self._connection):
            self._connection.execute(sql.SQL(statement).format(sql.Identifier(role), sql.Identifier(user)))


def _shown(user: str, role: str) -> str:
    return f"membership of {user} in {role}"


def become_owner(connection: Connection) -> None:
    """Act as triptrip_owner from here on.

    Raises SchemaError when the bootstrap has not run, or the user of this connection may not.
    """
    rows = connection.execute("SELECT rolname FROM pg_roles WHERE rolname = any(%s)", (list(GROUP_ROLES),))
    there = {name for (name,) in rows}
    fix = "run the bootstrap once: docs/runbooks/schema.md"
    if missing := [role for role in GROUP_ROLES if role not in there]:
        raise SchemaError("PostgreSQL", f"has no role {', '.join(missing)}", fix=fix)
    if connection.execute("SELECT pg_has_role(%s, 'SET')", (OWNER_ROLE,)).fetchone() != (True,):
        user = connection.info.user
        raise SchemaError(
            "PostgreSQL", f"{user} may not act as {OWNER_ROLE}", allowed="the user of the schema step", fix=fix
        )
    connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(OWNER_ROLE)))
