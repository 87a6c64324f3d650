"""The PostgreSQL engine Tortoise is given: its own, but a transaction that cannot begin gives its connection back.

Tortoise takes a connection from the pool and puts it into the task's context before it says BEGIN. When that fails, or
the task is cancelled there, the connection is lost to the pool, and what the task does later goes to a transaction that
never was.
"""

from typing import Any, cast

from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import TransactionalDBClient, TransactionContext, TransactionContextPooled
from tortoise.connection import get_connections


class Context(TransactionContextPooled):
    __slots__ = ()

    async def __aenter__(self) -> TransactionalDBClient:
        client = cast(Any, self.client)
        await self.ensure_connection()
        pool = client._parent._pool
        client._connection = await pool.acquire()
        try:
            await client.begin()
        except BaseException:
            await pool.release(client._connection)
            raise
        self.token = get_connections().set(self.connection_name, client)
        return cast(TransactionalDBClient, client)


class Client(AsyncpgDBClient):
    def _in_transaction(self) -> TransactionContext:
        return Context(TransactionWrapper(self), self._pool_init_lock)


client_class = Client
