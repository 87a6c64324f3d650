"""Four processes on one SQLite database. `STRESS_SECONDS=60` for longer than the suite has time for."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from is0k.models import database
from is0k.resolvers.organizations import first_start
from is0k.settings import Settings
from is0k.tests.stage.postgres import Postgres

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

PROCESSES = 4
SECONDS = float(os.environ.get("STRESS_SECONDS", "10"))


@pytest.mark.timeout(60 + SECONDS)
async def test_four_processes_never_find_the_database_locked(postgres: Postgres | None, tmp_path: Path) -> None:
    if postgres:
        pytest.skip("SQLite is not what this session runs on")
    settings = Settings(data_dir=tmp_path)
    await database.migrate(settings)
    async with database.opened(settings):
        await first_start()

    told = await asyncio.gather(*(load(tmp_path) for _ in range(PROCESSES)))

    print(*(f"{sum(one[what] for one in told)} {what}" for what in ("writes", "reads")), f"in {SECONDS:g} s")
    assert [fault for one in told for fault in one["faults"]] == []
    assert min(one["writes"] for one in told) > 10


async def load(folder: Path) -> Any:
    command = [sys.executable, "-P", "-m", "is0k.tests.product.sqlite_load", str(folder), str(SECONDS)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(output)
