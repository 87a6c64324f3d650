import asyncio
import time

import pytest
from structlog.testing import capture_logs

from is0k.jobs.pulse import Pulse
from is0k.tests.jobs.scene import soon

pytestmark = pytest.mark.anyio


class Elapsed:
    """A clock that goes on while we stand still."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.mark.parametrize(("late_seconds", "has_missed"), [(0.0, False), (1.0, False), (1.01, True), (3600.0, True)])
async def test_what_comes_more_than_a_second_late_is_missed(late_seconds: float, has_missed: bool) -> None:
    elapsed, began = Elapsed(), time.monotonic()
    pulse = Pulse(elapsed)
    elapsed.seconds += 0.1 + late_seconds

    assert pulse.has_missed_since(began) is has_missed


async def test_what_began_after_it_went_on_was_not_held_up() -> None:
    elapsed, before = Elapsed(), time.monotonic()
    pulse = Pulse(elapsed)
    elapsed.seconds += 5
    pulse.beat()
    after = time.monotonic()

    assert pulse.has_missed_since(before)
    assert not pulse.has_missed_since(after + 0.001)


async def test_it_is_logged_once() -> None:
    elapsed = Elapsed()
    pulse = Pulse(elapsed)
    elapsed.seconds += 5.1
    with capture_logs() as logs:
        pulse.beat()
        pulse.beat()

    assert [(line["log_level"], line["seconds"]) for line in logs] == [("warning", 5.0)]


async def test_it_beats_until_it_is_stopped() -> None:
    elapsed, began = Elapsed(), time.monotonic()
    pulse = Pulse(elapsed)
    task = asyncio.create_task(pulse.run())
    await asyncio.sleep(0)
    elapsed.seconds += 5
    await soon(lambda: pulse._last_gap_ended)
    pulse.stop()
    await asyncio.wait_for(task, 5)

    assert pulse.has_missed_since(began)
