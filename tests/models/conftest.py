from typing import Any

import pytest

from is0k import models
from is0k.tests.stage.postgres import Postgres

NOON = 1_795_435_200_000  # 2026-11-23T12:00:00Z
MINUTE = 60_000


async def planned(
    number: int, next_at: int | None, interval_ms: int = MINUTE, phase_ms: int = 7_000, **columns: Any
) -> None:
    """A monitor that is due then, in its fourth version and third epoch."""
    usual: dict[str, Any] = {
        "interval_ms": interval_ms,
        "phase_ms": phase_ms,
        "regions": "eu us",
        "epoch": 3,
        "version": 4,
    }
    await models.MonitorState.create(number=number, next_at=next_at, **(usual | columns))


async def next_at(number: int) -> int | None:
    return (await models.MonitorState.get(number=number)).next_at


@pytest.fixture
def on_sqlite(postgres: Postgres | None) -> None:
    if postgres:
        pytest.skip("this session runs on PostgreSQL")


@pytest.fixture
def on_postgres(postgres: Postgres | None) -> None:
    if not postgres:
        pytest.skip("this session runs on SQLite")
