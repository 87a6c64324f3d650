"""The SQLite engine Tortoise is given: its own, but with transactions that take the write lock when they begin.

Tortoise begins with a plain (deferred) BEGIN. A transaction that reads and then writes must then upgrade its lock, and
SQLite refuses that at once with "database is locked" when another process wrote in between; the busy time-out does not
apply (https://www.sqlite.org/isolation.html). With BEGIN IMMEDIATE it waits its turn instead.
"""

import asyncio
import sqlite3
from typing import Any, cast

import aiosqlite
from tortoise.backends.base.client import TransactionalDBClient, TransactionContext
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionContext, SqliteTransactionWrapper
from tortoise.connection import get_connections
from tortoise.exceptions import OperationalError


class ImmediateTransaction(SqliteTransactionWrapper):
    async def begin(self) -> None:
        try:
            await self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error
        except asyncio.CancelledError:
            # The connection's own thread begins all the same; what it is given next undoes that.
            await self._connection.rollback()
            raise


class ImmediateContext(SqliteTransactionContext):
    __slots__ = ()

    async def __aenter__(self) -> TransactionalDBClient:
        await self._trxlock.acquire()
        try:
            await self.ensure_connection()
            await self.connection.begin()
        except BaseException:
            # Tortoise keeps its lock when BEGIN fails; then every later transaction would wait for ever.
            self._trxlock.release()
            raise
        self.token = get_connections().set(self.connection_name, self.connection)
        return cast(TransactionalDBClient, self.connection)


class Client(SqliteClient):
    def __init__(self, file_path: str, **kwargs: Any) -> None:
        pragmas = {"journal_mode": "WAL", "synchronous": "NORMAL", "busy_timeout": 30_000, "foreign_keys": "ON"}
        super().__init__(file_path, **(pragmas | kwargs))

    async def create_connection(self, with_db: bool) -> None:
        await super().create_connection(with_db)
        # SQLite's own know no letters beyond those of English.
        for name, function in (("lower", str.lower), ("upper", str.upper)):
            await cast(aiosqlite.Connection, self._connection).create_function(name, 1, function, deterministic=True)

    def _in_transaction(self) -> TransactionContext:
        return ImmediateContext(ImmediateTransaction(self), self._lock)

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        async with self._in_transaction() as transaction:
            await transaction.execute_many(query, values)


client_class = Client
