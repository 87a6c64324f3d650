"""What is kept of the last good check, how seldom it is written, and what an incident makes of it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from is0k import models
from is0k.jobs.checker import Finding
from is0k.jobs.evidence import facts_of
from is0k.jobs.good_looks import GoodLooks, row_of
from is0k.jobs.monitor_file import Place
from is0k.jobs.upkeep import tidy
from is0k.jobs.writer import write
from is0k.models.last_good import read_last_good
from is0k.models.region import region_number
from is0k.probes.base import Outcome, Timings
from is0k.resolvers.context import Context
from is0k.resolvers.incidents import list_incidents
from is0k.resolvers.monitors import delete_monitor, pause_monitor, resume_monitor, update_monitor
from is0k.schema import IncidentFilter, LastGood, PageArguments, UpdateMonitorInput
from is0k.schema.clock import moment
from is0k.schema.coercion import Flat, read
from is0k.schema.enums import MonitorType, Reason
from is0k.tests.jobs.scene import BLIND, DOWN, ILL, SLOW, WELL, finding, incidents_of, monitor, without_table
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_monitor

pytestmark = pytest.mark.anyio

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
HERE = replace(WELL, detail={"remoteAddress": "10.0.0.5:443", "addresses": ["10.0.0.5"]})
THERE = replace(WELL, detail={"remoteAddress": "10.0.0.9:443", "addresses": ["10.0.0.9"]})


@pytest.fixture
async def home(open_database: None) -> Place:
    return Place(await region_number("home"), "home")


def test_a_look_is_news_when_it_is_the_first_or_another_or_an_hour_old() -> None:
    looks = GoodLooks()
    seen = [
        (0, HERE),
        (MINUTE, HERE),
        (2 * MINUTE, THERE),
        (5 * MINUTE, THERE),
        (10 * MINUTE, THERE),
        (64 * MINUTE, THERE),
        (65 * MINUTE, THERE),
    ]

    assert list(stored_at(looks, seen)) == [0, 5, 65]


def stored_at(looks: GoodLooks, seen: list[tuple[int, Outcome]]) -> Iterator[int]:
    """In minutes."""
    for tick, outcome in seen:
        news = looks.news([finding(1, tick, outcome)])
        looks.learn(news)
        yield from (each.slot.tick // MINUTE for each in news)


@pytest.mark.parametrize(
    ("outcome", "is_news"),
    [
        (replace(HERE, latency_ms=99.0, timings=Timings(1.0)), False),
        (replace(HERE, detail=HERE.detail | {"remoteAddress": "10.0.0.6:443"}), False),
        (replace(HERE, detail=HERE.detail | {"bodyExcerpt": "12:01"}), False),
        (replace(HERE, detail=HERE.detail | {"headers": {"date": "Tue"}}), True),
        (replace(HERE, status_code=204), True),
        (replace(HERE, detail=HERE.detail | {"tls": {"fingerprint": "aa"}}), True),
        (replace(HERE, detail=HERE.detail | {"answers": ["b", "a"]}), True),
    ],
)
def test_only_what_stays_the_same_by_itself_is_compared(outcome: Outcome, is_news: bool) -> None:
    looks = GoodLooks()
    looks.learn([finding(1, 0, HERE)])

    assert bool(looks.news([finding(1, 5 * MINUTE, outcome)])) is is_news


def test_a_detail_of_another_shape_is_as_good_as_any() -> None:
    looks, odd = GoodLooks(), {"headers": "none", "tls": [], "answers": 7, "addresses": {"a": 1}}
    looks.learn([finding(1, 0, replace(HERE, detail=odd))])

    assert looks.news([finding(1, 5 * MINUTE, replace(HERE, detail=dict(odd)))]) == []


def test_in_another_epoch_every_look_is_news() -> None:
    looks = GoodLooks()
    looks.learn([finding(1, 0, HERE)])

    assert looks.news([finding(1, MINUTE, HERE, epoch=1)]) == [finding(1, MINUTE, HERE, epoch=1)]


def test_no_more_than_so_many_are_remembered() -> None:
    looks = GoodLooks(remembered=2)
    looks.learn([finding(number, 0, HERE) for number in (1, 2)])
    looks.learn([finding(1, HOUR, HERE), finding(3, HOUR, HERE)])

    later = [finding(number, HOUR + MINUTE, HERE) for number in (1, 2, 3)]
    assert looks.news(later) == [later[1]]


async def test_the_writer_keeps_it_for_each_region(ctx: Context, clock: FakeClock, home: Place) -> None:
    number, away = await monitor(ctx), Place(await region_number("away"), "away")
    await write([finding(number, clock.ms, HERE)], home)
    await write([finding(number, clock.ms + MINUTE, THERE)], away)

    assert await read_last_good(number, home.number) == (clock.ms, HERE.detail)
    assert await read_last_good(number, away.number) == (clock.ms + MINUTE, THERE.detail)


async def test_what_is_the_same_is_not_written_again(ctx: Context, clock: FakeClock, home: Place) -> None:
    number, looks = await monitor(ctx), GoodLooks()
    for minute in range(10):
        await write([finding(number, clock.ms + minute * MINUTE, HERE)], home, 0, looks)

    assert await read_last_good(number, home.number) == (clock.ms, HERE.detail)


@pytest.mark.parametrize("outcome", [ILL, BLIND])
async def test_what_is_not_answered_is_not_kept(ctx: Context, clock: FakeClock, home: Place, outcome: Outcome) -> None:
    number = await monitor(ctx)
    await write([finding(number, clock.ms, outcome)], home)

    assert await models.LastGood.all().count() == 0


async def test_what_could_not_be_stored_is_news_the_next_time(ctx: Context, clock: FakeClock, home: Place) -> None:
    number, looks = await monitor(ctx), GoodLooks()
    first = [finding(number, clock.ms, HERE)]
    async with without_table("last_good"):
        with pytest.raises(Exception, match="last_good"):
            await write(first, home, 0, looks)
    await write(first, home, 0, looks)

    assert await read_last_good(number, home.number) == (clock.ms, HERE.detail)


async def test_a_monitor_pointed_elsewhere_is_not_compared_with_its_former_target(
    ctx: Context, clock: FakeClock, home: Place
) -> None:
    shop = await new_monitor(ctx, retries=0)
    await write([finding(shop.number, clock.ms, HERE)], home)
    other = read(UpdateMonitorInput, {"url": "https://other.example/"}, Flat(MonitorType, MonitorType.HTTP))
    await update_monitor(ctx, shop.id, other)

    assert await models.LastGood.all().count() == 0
    await write([finding(shop.number, clock.ms + MINUTE, HERE)], home)  # of the former epoch
    assert await models.LastGood.all().count() == 0
    await write([finding(shop.number, clock.ms + 2 * MINUTE, ILL, epoch=1)], home)
    [incident] = await incidents_of(shop.number)
    assert incident.cause is not None
    assert (incident.cause["lastGood"], incident.cause["changed"]) == (None, None)


async def test_a_pause_keeps_it(ctx: Context, clock: FakeClock, home: Place) -> None:
    shop = await new_monitor(ctx)
    await write([finding(shop.number, clock.ms, HERE)], home)
    await pause_monitor(ctx, shop.id)
    await resume_monitor(ctx, shop.id)

    assert await read_last_good(shop.number, home.number) == (clock.ms, HERE.detail)


async def test_it_is_forgotten_with_its_monitor(ctx: Context, clock: FakeClock, home: Place) -> None:
    gone, other = await new_monitor(ctx), await new_monitor(ctx)
    await write([finding(each.number, clock.ms, HERE) for each in (gone, other)], home)
    await delete_monitor(ctx, gone.id)
    await tidy(clock.ms)

    assert [row.number for row in await models.LastGood.all()] == [other.number]


class TestCauses:
    async def cause(self, place: Place, number: int, *found: Finding) -> dict[str, Any]:
        for each in found:
            await write([each], place)
        [incident] = await incidents_of(number)
        assert incident.cause is not None
        return incident.cause

    async def test_the_first_failure_is_compared_with_the_check_before_it(
        self, ctx: Context, clock: FakeClock, home: Place
    ) -> None:
        number, at = await monitor(ctx, retries=1), clock.ms
        first = replace(ILL, detail={"remoteAddress": "10.0.0.9:443"}, timings=Timings(1.0, total_ms=9.0))
        second = Outcome(DOWN, Reason.TIMEOUT, "no answer within 10 s")
        await write([finding(number, at, HERE)], home)
        later = replace(HERE, latency_ms=40.0)
        looks = GoodLooks()
        looks.learn([finding(number, at, HERE)])
        await write([finding(number, at + MINUTE, later)], home, 0, looks)
        cause = await self.cause(
            home, number, finding(number, at + 2 * MINUTE, first), finding(number, at + 2 * MINUTE + 20_000, second)
        )

        assert cause == {
            "reason": "timeout",
            "message": "no answer within 10 s",
            "evidence": facts_of(first) | {"region": "home"},
            "lastGood": {"at": "2026-11-23T12:01:00.003Z", "facts": facts_of(later)},
            "changed": "The address is now 10.0.0.9, was 10.0.0.5. The status is now 503, was 200.",
        }

    async def test_what_another_region_saw_is_no_change(self, ctx: Context, clock: FakeClock, home: Place) -> None:
        number, away = await monitor(ctx, retries=0), Place(await region_number("away"), "away")
        await write([finding(number, clock.ms, HERE)], away)
        bad = replace(ILL, detail=THERE.detail)
        cause = await self.cause(home, number, finding(number, clock.ms + MINUTE, bad))

        assert (cause["evidence"]["region"], cause["lastGood"], cause["changed"]) == ("home", None, None)

    async def test_a_slow_answer_is_nearer_than_a_quick_one_of_long_ago(
        self, ctx: Context, clock: FakeClock, home: Place
    ) -> None:
        number = await monitor(ctx, retries=0)
        slow = replace(SLOW, detail=THERE.detail)
        at = [clock.ms + minute * MINUTE for minute in range(3)]
        found = [finding(number, tick, outcome) for tick, outcome in zip(at, (HERE, slow, ILL), strict=True)]
        cause = await self.cause(home, number, *found)

        assert cause["lastGood"] == {"at": "2026-11-23T12:01:00.003Z", "facts": facts_of(slow)}

    async def test_in_one_batch_the_good_look_after_an_outage_is_not_taken_for_the_one_before(
        self, ctx: Context, clock: FakeClock, home: Place
    ) -> None:
        number = await monitor(ctx, retries=0)
        await write([finding(number, clock.ms, HERE)], home)
        batch = [finding(number, clock.ms + MINUTE, ILL), finding(number, clock.ms + 2 * MINUTE, THERE)]
        await write(batch, home)

        [incident] = await incidents_of(number)
        assert incident.cause is not None
        assert incident.cause["lastGood"]["facts"] == facts_of(HERE)
        assert await read_last_good(number, home.number) == (clock.ms + 2 * MINUTE, THERE.detail)

    async def test_words_that_cannot_be_found_do_not_keep_an_incident_from_being_opened(
        self, ctx: Context, clock: FakeClock, home: Place
    ) -> None:
        number = await monitor(ctx, retries=0)
        odd = replace(ILL, detail={"headers": "none"})
        well = replace(WELL, detail={"headers": {"server": "nginx"}})
        with capture_logs() as logs:
            cause = await self.cause(
                home, number, finding(number, clock.ms, well), finding(number, clock.ms + MINUTE, odd)
            )

        assert (cause["evidence"]["headers"], cause["changed"]) == ("none", None)
        assert [line["event"] for line in logs] == ["what changed could not be said"]

    async def test_it_is_read_as_it_was_written(self, ctx: Context, clock: FakeClock, home: Place) -> None:
        number = await monitor(ctx, retries=0)
        await self.cause(home, number, finding(number, clock.ms, HERE), finding(number, clock.ms + MINUTE, ILL))

        cause = await shown(ctx)
        assert cause.last_good == LastGood(at=moment(clock.ms + 3), facts=cast(Any, facts_of(HERE)))
        assert cause.changed == "The status is now 503, was 200."

    async def test_one_of_before_this_version_is_read_too(self, ctx: Context, clock: FakeClock, home: Place) -> None:
        number = await monitor(ctx, retries=0)
        await self.cause(home, number, finding(number, clock.ms, ILL))
        await models.Incident.all().update(cause={"reason": "timeout", "message": None, "evidence": {"statusCode": 1}})

        cause = await shown(ctx)
        assert (cause.evidence, cause.last_good, cause.changed) == ({"statusCode": 1}, None, None)


async def shown(ctx: Context) -> Any:
    [incident] = (await list_incidents(ctx, IncidentFilter(), PageArguments(limit=5))).items
    return incident.cause


def test_the_row_keeps_what_history_does_not() -> None:
    assert row_of(finding(7, 60_000, HERE), 3) == (
        7,
        3,
        60_000,
        '{"remoteAddress":"10.0.0.5:443","addresses":["10.0.0.5"]}',
    )
