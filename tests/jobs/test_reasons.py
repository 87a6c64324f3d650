"""Every reason a check can give is given by something real, from the monitor as REST describes it to what is stored."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from is0k.jobs.checker import Checker, Finding, Slot
from is0k.jobs.writer import write
from is0k.resolvers.context import Context
from is0k.schema.enums import CheckStatus, MonitorType, Reason
from is0k.tests.jobs.causes import CAUSES, Cause, Stage
from is0k.tests.jobs.scene import REGION, checks_of, soon, state_of, words
from is0k.tests.stage.clock import FakeClock

pytestmark = pytest.mark.anyio

STATUS = {
    Reason.OK: CheckStatus.UP,
    Reason.TLS_EXPIRING: CheckStatus.DEGRADED,
    **dict.fromkeys((Reason.LATE, Reason.OBSERVER_UNHEALTHY, Reason.INTERNAL_ERROR), CheckStatus.UNKNOWN),
}


def test_no_reason_is_without_a_proof() -> None:
    assert {cause.reason for cause in CAUSES} == set(Reason)


def test_every_type_of_monitor_takes_part() -> None:
    assert {cause.type for cause in CAUSES} == set(MonitorType)


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: f"{cause.type.value}-{cause.reason.value}")
async def test_the_reason_is_found_and_stored(ctx: Context, clock: FakeClock, tmp_path: Path, cause: Cause) -> None:
    found: list[Finding] = []
    async with AsyncExitStack() as stack:
        stage = Stage(ctx, clock, stack, tmp_path)
        number = await cause.set_up(stage)
        checker, state = Checker(stage.probes(), clock, found.append, vouch=stage.vouch), await state_of(number)
        await checker.accept([Slot(number, clock.ms - stage.overdue_ms, state.epoch, state.version)])
        await soon(lambda: found)
        await checker.close(1)
    await write(found, REGION, clock.ms)

    [row] = await checks_of(number)
    assert words(row) == (STATUS.get(cause.reason, CheckStatus.DOWN).value, cause.reason.value)
    assert cause.words in (row["message"] or "")
    assert bool(row["message"]) is (cause.reason is not Reason.OK)
