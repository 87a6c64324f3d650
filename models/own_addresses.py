"""Where our own database and Redis are: what no probe and no channel may connect to."""

import socket
from collections.abc import Iterator

import structlog
from redis.asyncio.connection import parse_url
from tortoise.backends.base.config_generator import expand_db_url

from is0k.settings import Settings

log = structlog.get_logger("is0k.guard")


def own_addresses(settings: Settings) -> list[tuple[str, int]]:
    """Our database and Redis: nobody may watch those, whatever networks are allowed."""
    found = []
    for host, port in _own_places(settings):
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            # Not a reason not to work: while we cannot find it, no monitor will.
            log.warning("a part of is0k has no address yet; monitors are not kept from it", host=host, error=str(error))
            continue
        found += [(str(address[0]), port) for *_, address in infos]
    return found


def _own_places(settings: Settings) -> Iterator[tuple[str, int]]:
    """The way the drivers read the URLs. A Unix socket has no address anybody could name."""
    if not settings.database.startswith("sqlite:"):
        database = expand_db_url(settings.database)["credentials"]
        host = database["host"] or "localhost"
        if not host.startswith("/"):
            yield host, int(database["port"])
    redis = parse_url(settings.redis)
    if "path" not in redis:
        yield redis.get("host", "localhost"), redis.get("port", 6379)
