"""The one place that knows the two dialects apart. Hot-path SQL stands next to its table and comes through here.

Statements are written for PostgreSQL, with `$1` for parameters; `any_of` stands for a list.
"""

import functools
import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import orjson
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connection

Row = dict[str, Any]


def connection() -> BaseDBAsyncClient:
    """The connection of the transaction this task is in, or the shared one."""
    return get_connection("default")


def is_sqlite() -> bool:
    return connection().capabilities.dialect == "sqlite"


async def fetch(statement: str, *values: object) -> list[Row]:
    database = connection()
    if database.capabilities.dialect == "sqlite":
        return await database.execute_query_dict(_numbered(statement), _flat(values))
    return await database.execute_query_dict(statement, list(values))


async def fetch_each(numbers: Sequence[int], statement: str, *values: object) -> list[Row]:
    """The rows of `statement` for each of the numbers in turn, as one statement; `$each` stands for the number.

    PostgreSQL plans a lateral join once; a UNION over many partitions it plans for seconds. SQLite has no such join.
    """
    if is_sqlite():
        places = range(len(values) + 1, len(values) + len(numbers) + 1)
        parts = [f"SELECT * FROM ({statement.replace('$each', f'${place}')})" for place in places]
        return await fetch(" UNION ALL ".join(parts), *values, *numbers)
    each = f"unnest(${len(values) + 1}::int[]) AS each(number)"
    lateral = f"LATERAL ({statement.replace('$each', 'each.number')}) AS found"
    return await fetch(f"SELECT found.* FROM {each} CROSS JOIN {lateral}", *values, list(numbers))


async def execute(statement: str, *values: object) -> int:
    """Run a statement that returns no rows; how many rows it changed."""
    database = connection()
    if database.capabilities.dialect == "sqlite":
        return (await database.execute_query(_numbered(statement), _flat(values)))[0]
    return (await database.execute_query(statement, list(values)))[0]


async def execute_many(statement: str, rows: Iterable[Sequence[object]]) -> None:
    database = connection()
    if database.capabilities.dialect == "sqlite":
        statement = _numbered(statement)
    # The hot path: rows hold what the drivers take as it is, and are not looked through.
    await database.execute_many(statement, cast(list[list[Any]], list(rows)))


def any_of(parameter: str, kind: str = "int") -> str:
    """`monitor IN …` over a list given as one parameter, so that the statement's text does not depend on its length."""
    if is_sqlite():
        return f"IN (SELECT value FROM json_each({parameter}))"
    return f"= ANY({parameter}::{kind}[])"


def spaced(column: str) -> str:
    """All values of an aggregated column as one text, blanks between them; null where there are none."""
    return f"group_concat({column}, ' ')" if is_sqlite() else f"string_agg({column}::text, ' ')"


def as_uuid(value: UUID | str) -> UUID:
    """SQLite keeps it as text."""
    return value if isinstance(value, UUID) else UUID(value)


def skip_locked() -> str:
    """Rows that another transaction is claiming are passed over. SQLite has one writer: nothing to pass over."""
    return "" if is_sqlite() else "FOR UPDATE SKIP LOCKED"


def for_update() -> str:
    return "" if is_sqlite() else "FOR UPDATE"


def for_key_share() -> str:
    """The rows stay there until the transaction ends, so that others may refer to them."""
    return "" if is_sqlite() else "FOR KEY SHARE"


@functools.lru_cache(maxsize=512)
def _numbered(statement: str) -> str:
    """`$1` means a named parameter to SQLite; `?1` is its numbered one."""
    return re.sub(r"\$(\d+)", r"?\1", statement)


def _flat(values: Sequence[object]) -> list[Any]:
    return [_stored(value) for value in values]


def _stored(value: object) -> Any:
    if isinstance(value, list | tuple):
        return json.dumps([_stored(item) for item in value])
    return str(value) if isinstance(value, UUID) else value


def literal(text: str) -> str:
    """`text` with LIKE's wildcards taken at their letter."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def json_of(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str | bytes) else value


def datetime_of(value: datetime | str) -> datetime:
    """SQLite keeps times as text."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
