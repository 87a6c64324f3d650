"""The SQLite engine Tortoise is given: its own, but with transactions that take the write lock when they begin.

Tortoise begins with a plain (deferred) BEGIN. A transaction that reads and then writes must then upgrade its lock, and
SQLite refuses that at once with "database is locked" when another process wrote in between; the busy time-out does not
apply (https://www.sqlite.org/isolation.html). With BEGIN IMMEDIATE it waits its turn instead.
"""

import sqlite3
from typing import Any

from tortoise.backends.base.client import TransactionalDBClient, TransactionContext
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionContext, SqliteTransactionWrapper
from tortoise.exceptions import OperationalError


class ImmediateTransaction(SqliteTransactionWrapper):
    async def begin(self) -> None:
        try:
            await self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error


class ImmediateContext(SqliteTransactionContext):
    __slots__ = ()

    async def __aenter__(self) -> TransactionalDBClient:
        try:
            return await super().__aenter__()
        except OperationalError:
            # Tortoise keeps its lock when BEGIN fails; without this every later transaction would wait for ever.
            self._leave()
            raise

    def _leave(self) -> None:
        from tortoise.connection import get_connections

        get_connections().reset(self.token)
        self._trxlock.release()


class Client(SqliteClient):
    def __init__(self, file_path: str, **kwargs: Any) -> None:
        pragmas = {"journal_mode": "WAL", "synchronous": "NORMAL", "busy_timeout": 30_000, "foreign_keys": "ON"}
        super().__init__(file_path, **(pragmas | kwargs))

    def _in_transaction(self) -> TransactionContext:
        return ImmediateContext(ImmediateTransaction(self), self._lock)

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        async with self._in_transaction() as transaction:
            await transaction.execute_many(query, values)


client_class = Client
