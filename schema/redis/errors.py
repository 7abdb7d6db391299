"""What the client of Redis raises, as one clear error; passwords are never told."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import AuthenticationError, RedisError
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import TimeoutError as TookTooLong

from schema.kit import SchemaError


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn every error of the client into a SchemaError; `where` is what was being done, or to what."""
    try:
        yield
    except RedisError as error:
        raise schema_error(where, error) from error


def schema_error(where: str, error: RedisError) -> SchemaError:
    """The error that a person reads; the client's own words name hosts and never what it signs in with."""
    text = " ".join(str(error).split())
    # A kind of the errors of a connection.
    if isinstance(error, AuthenticationError):
        return SchemaError(
            where,
            f"the sign-in was refused: {text}",
            allowed="what the secret cache-connection holds",
            fix="take its newest version: AUTH may have been renewed",
        )
    if isinstance(error, Unreachable | TookTooLong):
        return SchemaError(
            where, f"cannot be reached: {text}", fix="run it inside the VPC, and see that the instance is up"
        )
    return SchemaError(where, f"the server refused it: {text}", fix="see the message")
