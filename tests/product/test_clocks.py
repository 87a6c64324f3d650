"""A wall clock that jumps while is0k works: forward, back, over both changes of daylight saving, over a leap day.

The processes are real and so is the jump: libfaketime (Debian: `apt-get install libfaketime`) tells them another time,
and leaves the clock alone that durations are measured with.
"""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from is0k.tests.stage.api import Api
from is0k.tests.stage.product import Product, calling, new_monitor, running
from is0k.tests.stage.shop import Shop
from is0k.tests.stage.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.processes, pytest.mark.timeout(240)]

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
MONITORS = 5
ROUNDS = 3
INTERVAL_SECONDS = 5
# A clock that was set back is noticed once a minute.
LONGEST_SECONDS = 90.0

# In the order of time: after each the clock goes on from there.
JUMPS: dict[str, float | datetime] = {
    "an hour forward": 3_600.0,
    "an hour back": 0.0,
    "into summer time": datetime(2027, 3, 28, 0, 59, 50, tzinfo=UTC),
    "into winter time": datetime(2027, 10, 31, 0, 59, 50, tzinfo=UTC),
    "onto a leap day": datetime(2028, 2, 28, 23, 59, 50, tzinfo=UTC),
    "off a leap day": datetime(2028, 2, 29, 23, 59, 50, tzinfo=UTC),
}

QUERY = """
query ($id: ID!) { monitor(id: $id) {
    status
    checks(first: 250) { edges { node { checkedAt status reason attempt } } }
    incidents { edges { node { id } } }
    stats(period: DAY_365) { uptimePercent downtimeSeconds checks { total down unknown } }
} }
"""

if LIBRARY is None:
    pytest.skip("libfaketime is not installed", allow_module_level=True)


class WallClock:
    """What the processes take the time to be: so many seconds later than it is."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.set(0.0)

    def set(self, jump: float | datetime) -> None:
        later = jump if isinstance(jump, float) else jump.timestamp() - time.time()
        self.file.write_text(f"{later:+.0f}s\n")

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "TZ": "Europe/Berlin",
        }


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> WallClock:
    return WallClock(tmp_path_factory.mktemp("clock") / "faketime")


@pytest.fixture(scope="module")
async def product(
    clock: WallClock, tmp_path_factory: pytest.TempPathFactory, anyio_backend: object
) -> AsyncIterator[Product]:
    """On SQLite alone: the clock is that of the processes, whatever the database."""
    async with running(Product(tmp_path_factory.mktemp("clocks"), clock.environment)) as product:
        await product.command_line("plan", "set", "enterprise", "--rate-limit", "1000000")  # tests look often
        yield product


async def test_no_jump_of_the_clock_makes_an_incident_or_a_check_twice(product: Product, clock: WallClock) -> None:
    async with Shop() as shop, calling(product) as api:
        begun = time.monotonic()
        ids = [await new_monitor(api, shop.url, name=f"Shop {place}") for place in range(MONITORS)]
        await _until_checked(api, "for the first time", dict.fromkeys(ids, ROUNDS))
        for name, jump in JUMPS.items():
            wanted = {id: ROUNDS + await _count(api, id) for id in ids}
            clock.set(jump)
            await _until_checked(api, name, wanted)

        for id in ids:
            monitor = (await api.graphql(QUERY, id=id))["data"]["monitor"]
            checks = [edge["node"] for edge in monitor["checks"]["edges"]]
            assert (monitor["status"], monitor["incidents"]["edges"]) == ("UP", [])
            # A check that was on its way to the worker when the clock jumped looks late, which is no result.
            seen = {(check["status"], check["reason"], check["attempt"]) for check in checks}
            assert seen - {("UNKNOWN", "LATE", 1)} == {("UP", "OK", 1)}
            # One for each slot that passed, and for each jump the one that is made up for.
            assert len(checks) <= (time.monotonic() - begun) / INTERVAL_SECONDS + len(JUMPS) + 1
            assert (monitor["stats"]["uptimePercent"], monitor["stats"]["downtimeSeconds"]) == (100, 0)


async def _count(api: Api, id: str) -> int:
    return len((await api.get(f"/monitors/{id}/checks?limit=250")).data)


async def _until_checked(api: Api, name: str, wanted: dict[str, int]) -> None:
    """As often as that, each."""

    async def seen() -> bool:
        return all([await _count(api, id) >= count for id, count in wanted.items()])

    await until(f"all are checked {name}", seen, LONGEST_SECONDS)
