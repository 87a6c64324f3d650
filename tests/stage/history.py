"""Checks that have been made: rows of history, as the writer would have left them."""

from collections.abc import Iterable
from typing import Any

from is0k.models.check import REASON_CODE, STATUS_CODE, CheckRow, insert_checks
from is0k.models.region import region_number
from is0k.models.sql import fetch
from is0k.schema.enums import CheckStatus, Reason

UP, DEGRADED, DOWN, UNKNOWN = CheckStatus


def check(number: int, tick: int, status: CheckStatus = UP, region: int = 1, **columns: Any) -> CheckRow:
    """One check; what nobody speaks of is as usual. `latency_us`, `before`, `span_ms`, `gap_ms` … by their columns."""
    usual: dict[str, Any] = dict.fromkeys(CheckRow._fields) | {
        "number": number,
        "tick": tick,
        "region": region,
        "lag_ms": 0,
        "attempt": 1,
        "status": STATUS_CODE[status],
        "reason": REASON_CODE[Reason.OK if status is UP else Reason.TIMEOUT],
        "span_ms": 0,
        "gap_ms": 0,
    }
    return CheckRow(**(usual | columns))


def checks(number: int, ticks: Iterable[int], every_ms: int = 60_000, status: CheckStatus = UP) -> list[CheckRow]:
    """One check after the other, each saying what held since the one before."""
    span: dict[str, Any] = {"before": STATUS_CODE[status], "span_ms": every_ms}
    return [check(number, tick, status, **span) for tick in ticks]


async def remember(*rows: CheckRow, region: str = "default") -> None:
    """Store the rows, all as of this region."""
    here = await region_number(region)
    await insert_checks(row._replace(region=here) for row in rows)


async def history_left(number: int) -> int:
    """How many checks of a monitor are stored."""
    rows = await fetch("SELECT count(*) AS n FROM check_result WHERE number = $1", number)
    return int(rows[0]["n"])
