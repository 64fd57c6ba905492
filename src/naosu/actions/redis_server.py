"""One connection to a Redis server, that waits for no answer for long."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from msgspec import Meta

from naosu.actions.errors import ActionFailedError

RedisUrl = Annotated[str, Meta(pattern=r"^(rediss?|unix)://\S+$")]


@contextmanager
def redis_at(url: str, *, timeout_s: float) -> Iterator[Any]:
    """Give a client; whatever goes wrong is said without the URL's password.

    Raises:
        ActionFailedError: The server cannot be reached, or refused a command.
    """
    import redis  # noqa: PLC0415 - takes 50 ms, and most processes never need it

    try:
        client = redis.Redis.from_url(url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s)
    except ValueError as error:
        raise ActionFailedError("the address of the Redis server is no URL") from error
    try:
        yield client
    except redis.RedisError as error:
        raise ActionFailedError(f"Redis: {type(error).__name__}: {str(error)[:200]}") from error
    finally:
        client.close()
