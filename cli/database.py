"""The commands' way to the database and to the verbs. Imported by a command only when it runs: it loads everything."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from is0k.cli.faults import Failure
from is0k.cli.supervisor.first_start import Welcome
from is0k.models import database
from is0k.models.database import DatabaseTooNew, DatabaseUnreachable
from is0k.models.secrets import SecretKeyError
from is0k.resolvers.context import Context
from is0k.resolvers.organizations import first_start, operator_context
from is0k.schema.errors import DomainError
from is0k.settings import Settings

T = TypeVar("T")


def migrate(settings: Settings) -> list[str]:
    with told():
        return asyncio.run(database.migrate(settings))


def prepare(settings: Settings) -> Welcome | None:
    """Migrated, and with an organization; what was made for it, when there was none."""

    async def run() -> Welcome | None:
        await database.migrate(settings)
        async with database.opened(settings):
            made = await first_start()
            return Welcome(made.email, made.password, made.api_key) if made else None

    with told():
        return asyncio.run(run())


def as_operator(settings: Settings, verb: Callable[[Context], Awaitable[T]]) -> T:
    """What the verb answers to whoever may use this machine."""

    async def run() -> T:
        async with database.opened(settings):
            return await verb(await operator_context())

    with told():
        return asyncio.run(run())


@contextmanager
def told() -> Iterator[None]:
    """Raises Failure for what a person can do something about; everything else is a fault of ours and stays one."""
    try:
        yield
    except DomainError as error:
        faults = "".join(f"\n  {'.'.join(fault.field)}: {fault.message}" for fault in error.faults)
        raise Failure(error.message + faults) from None
    except (DatabaseTooNew, DatabaseUnreachable, SecretKeyError) as error:
        raise Failure(str(error)) from None
