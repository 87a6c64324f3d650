"""The commands' way to the database and to the verbs. Imported by a command only when it runs: it loads everything."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from redis import Redis
from redis.exceptions import RedisError
from tortoise.exceptions import OperationalError

from is0k.cli.faults import Failure
from is0k.cli.supervisor import folder
from is0k.cli.supervisor.first_start import Welcome
from is0k.models import database
from is0k.models.database import DatabaseTooNew, DatabaseUnreachable
from is0k.models.organization import first_organization_id
from is0k.models.secrets import SecretKeyError
from is0k.resolvers.context import Context
from is0k.resolvers.organizations import first_start, operator_context
from is0k.schema.errors import DomainError, OrganizationNotFound, ValidationFailed
from is0k.settings import Settings

T = TypeVar("T")

REDIS_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Prepared:
    """The names of the migrations applied, and what was made where there was no organization."""

    applied: list[str]
    welcome: Welcome | None


def prepare(settings: Settings) -> Prepared:
    """Brings the database up to this version, with an organization in it."""

    async def run() -> Prepared:
        applied = await database.migrate(settings)
        async with database.opened(settings):
            made = await first_start()
        return Prepared(applied, Welcome(made.email, made.password, made.api_key) if made else None)

    _make_folder(settings)
    with told():
        return asyncio.run(run())


def check(settings: Settings) -> None:
    """Raises Failure when the database does not answer, or was never made."""

    async def run() -> None:
        async with database.opened(settings):
            try:
                await first_organization_id()
            except OperationalError as error:
                raise Failure(f"The database is not ready: {error}. `is0k migrate` makes it so.") from None

    _refuse_missing(settings)
    _make_folder(settings)
    with told():
        asyncio.run(run())


def check_redis(settings: Settings) -> None:
    """Raises Failure when the server somebody has named does not answer; the bundled one is ours to wait for."""
    if settings.redis_url is None:
        return
    try:
        options = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}
        with Redis.from_url(settings.redis_url, **options) as redis:
            redis.ping()
    except (RedisError, OSError, ValueError) as error:
        raise Failure(f"The Redis that IS0K_REDIS_URL names does not answer: {error}") from None


def as_operator(settings: Settings, verb: Callable[[Context], Awaitable[T]]) -> T:
    """What the verb answers to whoever may use this machine."""

    async def run() -> T:
        async with database.opened(settings):
            return await verb(await operator_context())

    check(settings)
    with told():
        return asyncio.run(run())


def _refuse_missing(settings: Settings) -> None:
    """Opening SQLite would make an empty database where somebody has only forgotten to say where theirs is."""
    kind, _, path = settings.database.partition("://")
    if kind == "sqlite" and not Path(path).exists():
        raise Failure(f"There is no database at {path}. Start is0k once with `is0k up`, or set IS0K_DATA_DIR.")


def _make_folder(settings: Settings) -> None:
    """Where the database or the generated key will be; a server that is given both needs no folder."""
    if settings.database_url is None or settings.secret_key is None:
        folder.make(settings.data_dir)


@contextmanager
def told() -> Iterator[None]:
    """Raises Failure for what a person can do something about; everything else is a fault of ours and stays one."""
    try:
        yield
    except OrganizationNotFound:
        raise Failure("This server has no organization yet. Start it once with `is0k up`, which makes one.") from None
    except ValidationFailed as error:
        faults = [f"  {'.'.join(fault.field)}: {fault.message}" for fault in error.faults]
        raise Failure("\n".join([error.message, *faults])) from None
    except DomainError as error:
        raise Failure(error.message) from None
    except (DatabaseTooNew, DatabaseUnreachable, SecretKeyError) as error:
        raise Failure(str(error)) from None
