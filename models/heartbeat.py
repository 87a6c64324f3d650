"""What is known of the jobs that call us, and their latest calls. All times are milliseconds since the Unix epoch."""

import secrets
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from tortoise import fields
from tortoise.models import Model

from is0k import schema
from is0k.models.sql import Row, any_of, execute, fetch, fetch_each
from is0k.schema.clock import moment
from is0k.schema.enums import PingKind

# So many calls of a monitor are kept: a ring of places, each used again when it comes round.
KEPT_PINGS = 100


class Heartbeat(Model):
    """One row a heartbeat monitor, changed with every call. `number` is that of the monitor."""

    number = fields.IntField(primary_key=True)
    token = fields.CharField(max_length=40, unique=True)
    since = fields.BigIntField()  # when waiting began, or began anew: made, resumed, given another schedule
    pings = fields.BigIntField(default=0, db_default=0)  # how many were kept so far
    called_at: int | None = fields.BigIntField(null=True)  # whatever it said, other than to its log
    succeeded_at: int | None = fields.BigIntField(null=True)
    failed_at: int | None = fields.BigIntField(null=True)  # null again after a success
    started_at: int | None = fields.BigIntField(null=True)  # null again after either
    unfinished_since: int | None = fields.BigIntField(null=True)  # the first start after which it was not heard to end
    exit_code: int | None = fields.IntField(null=True)  # of the failure
    excerpt: str | None = fields.TextField(null=True)  # of what it said when it failed
    run_ms: int | None = fields.BigIntField(null=True)  # how long the latest run took that ended

    class Meta:
        table = "heartbeat"


class Ping(Model):
    """A call. `seq` counts those of a monitor, and the key is its number × 100 + seq % 100."""

    key = fields.BigIntField(primary_key=True)
    seq = fields.BigIntField()
    at = fields.BigIntField()
    kind = fields.CharField(max_length=10)
    exit_code: int | None = fields.IntField(null=True)
    run_ms: int | None = fields.BigIntField(null=True)
    method = fields.CharField(max_length=10)
    source = fields.CharField(max_length=50, null=True)
    user_agent = fields.TextField(null=True)
    body = fields.TextField(null=True)

    class Meta:
        table = "ping"


class NewPing(NamedTuple):
    """A call as it came in."""

    at: int
    kind: PingKind
    exit_code: int | None = None
    run_ms: int | None = None  # as the job has measured it
    method: str = "GET"
    source: str | None = None
    user_agent: str | None = None
    body: str | None = None


ENDED = "run_ms = COALESCE(CAST($4 AS BIGINT), $3 - started_at), started_at = NULL, unfinished_since = NULL"
# What each kind of call changes beside the count, and how many of the values of `take_ping` it takes for that.
CHANGES = {
    PingKind.SUCCESS: (
        f"called_at = $3, succeeded_at = $3, failed_at = NULL, exit_code = NULL, excerpt = NULL, {ENDED}",
        4,
    ),
    PingKind.FAIL: (f"called_at = $3, failed_at = $3, {ENDED}, exit_code = $5, excerpt = $6", 6),
    PingKind.START: ("called_at = $3, started_at = $3, unfinished_since = COALESCE(unfinished_since, $3)", 3),
    PingKind.LOG: ("called_at = called_at", 2),
}


async def begin_waiting(number: int, now: int) -> None:
    await Heartbeat.create(number=number, token=_new_token(), since=now)


async def replace_token(number: int) -> None:
    await Heartbeat.filter(number=number).update(token=_new_token())


def _new_token() -> str:
    """144 bits."""
    return secrets.token_urlsafe(18)


async def find_token(token: str) -> int | None:
    """The number of the monitor it is of. Only read: guessing must not keep others from writing."""
    rows = await fetch("SELECT number FROM heartbeat WHERE token = $1", token)
    return rows[0]["number"] if rows else None


async def take_ping(token: str, ping: NewPing, is_kept: bool, excerpt: str | None) -> Row | None:
    """What is now known of the job: its `number`, how many `pings` were kept and the `run_ms`; None: no such token."""
    changes, count = CHANGES[ping.kind]
    values = (token, int(is_kept), ping.at, ping.run_ms, ping.exit_code, excerpt)[:count]
    rows = await fetch(
        f"UPDATE heartbeat SET pings = pings + $2, {changes} WHERE token = $1 RETURNING number, pings, run_ms", *values
    )
    return rows[0] if rows else None


async def keep_ping(number: int, seq: int, ping: NewPing) -> None:
    """In the place of the one that came a hundred before."""
    await execute(
        """
        INSERT INTO ping (key, seq, at, kind, exit_code, run_ms, method, source, user_agent, body)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (key) DO UPDATE SET seq = excluded.seq, at = excluded.at, kind = excluded.kind,
            exit_code = excluded.exit_code, run_ms = excluded.run_ms, method = excluded.method,
            source = excluded.source, user_agent = excluded.user_agent, body = excluded.body
        """,
        number * KEPT_PINGS + seq % KEPT_PINGS,
        seq,
        ping.at,
        ping.kind.value,
        ping.exit_code,
        ping.run_ms,
        ping.method,
        ping.source,
        ping.user_agent,
        ping.body,
    )


async def read_beats(numbers: Sequence[int]) -> list[Row]:
    """What is known of these jobs: all the judgement needs."""
    return await fetch(
        "SELECT number, since, called_at, succeeded_at, failed_at, unfinished_since, exit_code, excerpt, run_ms "
        f"FROM heartbeat WHERE number {any_of('$1')}",
        list(numbers),
    )


async def wait_anew(number: int, now: int) -> None:
    """The monitor was resumed, or has another schedule: its job gets a whole turn from now."""
    await execute("UPDATE heartbeat SET since = $2 WHERE number = $1", number, now)


async def read_pings(numbers: Sequence[int], before: int | None, limit: int) -> dict[int, list[Row]]:
    """Of each monitor the newest `limit`, newest first, of those with a smaller `seq` than `before`."""
    first = f"CAST($each AS BIGINT) * {KEPT_PINGS}"
    rows = await fetch_each(
        numbers,
        f"SELECT p.*, p.key / {KEPT_PINGS} AS number FROM ping p "
        f"WHERE p.key >= {first} AND p.key < {first} + {KEPT_PINGS} AND p.seq < $1 ORDER BY p.seq DESC LIMIT $2",
        2**62 if before is None else before,
        limit,
    )
    found: dict[int, list[Row]] = {number: [] for number in numbers}
    for row in rows:
        found[row["number"]].append(row)
    return found


async def count_pings(numbers: Iterable[int]) -> dict[int, int]:
    rows = await fetch(f"SELECT number, pings FROM heartbeat WHERE number {any_of('$1')}", list(numbers))
    return {row["number"]: min(row["pings"], KEPT_PINGS) for row in rows}


async def forget_pings(number: int) -> int:
    first = number * KEPT_PINGS
    return await execute("DELETE FROM ping WHERE key >= $1 AND key < $2", first, first + KEPT_PINGS)


def to_schema(row: Row, monitor_id: Any) -> schema.Ping:
    return schema.Ping(
        monitor_id=monitor_id,
        at=moment(row["at"]),
        kind=PingKind(row["kind"]),
        exit_code=row["exit_code"],
        run_ms=row["run_ms"],
        method=row["method"],
        source_address=row["source"],
        user_agent=row["user_agent"],
        body=row["body"],
    )
