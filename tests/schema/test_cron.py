"""Cron lines: which are taken, and when they come round."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from is0k.schema.cron import CronLine, next_time

FIVE = "Must have five fields (minute hour day month weekday), such as 30 2 * * *"
GOOD = ["* * * * *", "*/5 * * * *", "30 2 * * MON-FRI", "0 0 L * *", "0 0 29 2 *", "0 9 * * 1#1", "0 0 1,15 * *"]


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def said(line: str) -> list[tuple[str, str]]:
    return [(fault.code, fault.message) for fault in CronLine()(line)]


@pytest.mark.parametrize("line", GOOD)
def test_what_cron_takes_is_taken(line: str) -> None:
    assert said(line) == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0 0 0 * * *", "Must have five fields (minute hour day month weekday); seconds are not taken"),
        ("@daily", FIVE),
        ("", FIVE),
        ("* * * *", FIVE),
        ("60 * * * *", "Is no cron line: bad minute"),
        ("0 24 * * *", "Is no cron line: bad hour"),
        ("0 0 30 2 *", "Is no cron line: bad day-of-month"),
        ("0 0 * 13 *", "Is no cron line: bad month"),
        ("0 0 * * 5L/2", "Is no cron line: bad day-of-week"),
        ("*/0 * * * *", "Is no cron line: bad minute"),
    ],
)
def test_what_it_does_not_take_is_told_apart(line: str, message: str) -> None:
    assert said(line) == [("BAD_CRON", message)]


def test_a_line_that_is_too_long_is_not_read() -> None:
    assert said(",".join(["1"] * 60) + " * * * *") == [("BAD_LENGTH", "Must have at most 100 characters")]


@given(st.text(max_size=40))
def test_nothing_that_is_written_makes_the_rule_fail(line: str) -> None:
    assert len(said(line)) <= 1


@given(st.from_regex(re.compile(CronLine().json_schema()["pattern"], re.ASCII), fullmatch=True))
def test_what_the_document_promises_is_taken(line: str) -> None:
    assert said(line.rstrip("\n")) == []


BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("line", "after", "following"),
    [
        # An ordinary day.
        ("30 2 * * *", datetime(2026, 11, 23, 2, 30, 5, tzinfo=BERLIN), datetime(2026, 11, 24, 2, 30, tzinfo=BERLIN)),
        # 2026-03-29 has no 02:30: it comes at 03:00.
        ("30 2 * * *", datetime(2026, 3, 28, 2, 31, tzinfo=BERLIN), datetime(2026, 3, 29, 3, 0, tzinfo=BERLIN)),
        ("30 2 * * *", datetime(2026, 3, 29, 3, 0, 5, tzinfo=BERLIN), datetime(2026, 3, 30, 2, 30, tzinfo=BERLIN)),
        # 2026-10-25 has 02:30 twice: it comes once, in the first.
        ("30 2 * * *", datetime(2026, 10, 24, 3, tzinfo=BERLIN), datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)),
        ("30 2 * * *", datetime(2026, 10, 25, 2, 31, tzinfo=BERLIN), datetime(2026, 10, 26, 2, 30, tzinfo=BERLIN)),
        # A job that has run into the second of them is not told that it should have come in the first.
        (
            "50 2 * * *",
            datetime(2026, 10, 25, 2, 45, fold=1, tzinfo=BERLIN),
            datetime(2026, 10, 26, 2, 50, tzinfo=BERLIN),
        ),
        # What comes every hour comes every hour.
        (
            "0 * * * *",
            datetime(2026, 10, 25, 2, 0, tzinfo=BERLIN),
            datetime(2026, 10, 25, 2, 0, fold=1, tzinfo=BERLIN),
        ),
        ("0 * * * *", datetime(2026, 3, 29, 1, 30, tzinfo=BERLIN), datetime(2026, 3, 29, 3, 0, tzinfo=BERLIN)),
        # Leap days.
        ("0 0 29 2 *", datetime(2026, 11, 23, tzinfo=UTC), datetime(2028, 2, 29, tzinfo=UTC)),
        ("0 12 L 2 *", datetime(2028, 1, 1, tzinfo=NEW_YORK), datetime(2028, 2, 29, 12, tzinfo=NEW_YORK)),
        # Midnight is that of the place.
        ("0 0 * * *", datetime(2026, 11, 23, 12, tzinfo=NEW_YORK), datetime(2026, 11, 24, 5, tzinfo=UTC)),
    ],
)
def test_when_it_comes_round(line: str, after: datetime, following: datetime) -> None:
    assert next_time(line, str(after.tzinfo), ms(after)) == ms(following)


LINES = st.sampled_from(["*/7 * * * *", "0 * * * *", "30 2 * * *", "15 1,2,3 * * *", "0 3 * * SUN", "59 23 L * *"])
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
YEARS = st.integers(ms(datetime(2024, 1, 1, tzinfo=UTC)), ms(datetime(2032, 1, 1, tzinfo=UTC)))


@given(LINES, ZONES, YEARS)
def test_the_next_time_is_later_and_there_is_none_in_between(line: str, zone: str, after: int) -> None:
    following = next_time(line, zone, after)

    assert after < following
    assert next_time(line, zone, following - 1) == following
    assert next_time(line, zone, (after + following) // 2 - 1) in (following, next_time(line, zone, after))


@given(ZONES, YEARS)
def test_what_comes_once_a_day_comes_once_on_every_day(zone: str, after: int) -> None:
    first = next_time("30 2 * * *", zone, after)
    second = next_time("30 2 * * *", zone, first)

    days = [datetime.fromtimestamp(at / 1000, ZoneInfo(zone)).date() for at in (first, second)]
    assert days[1] - days[0] == timedelta(days=1)
