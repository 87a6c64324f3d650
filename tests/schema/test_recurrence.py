"""When a window that repeats is: by the wall clock, whatever the clock does."""

import time
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from is0k.schema.recurrence import Recurrence, Span

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
LATER = datetime(2100, 1, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    """`2026-03-29 01:30`, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def window(start: str, minutes: int, rrule: str | None, timezone: str = "UTC") -> Recurrence:
    return Recurrence(at(start), at(start) + timedelta(minutes=minutes), rrule, timezone)


def starts(repeated: Recurrence, count: int, after: str | None = None) -> list[str]:
    begin = at(after) if after else repeated.starts_at
    return [f"{span.start:%Y-%m-%d %H:%M}" for span in islice(repeated.occurrences(begin, LATER), count)]


def test_a_window_without_a_rule_comes_once() -> None:
    once = window("2026-11-23 13:00", 60, None)
    span = Span(at("2026-11-23 13:00"), at("2026-11-23 14:00"))

    assert [*once.occurrences(at("2026-01-01 00:00"), LATER)] == [span]
    assert (once.active(at("2026-11-23 12:59")), once.next(at("2026-11-23 12:59"))) == (None, span)
    assert (once.active(span.start), once.next(span.start)) == (span, None)
    assert (once.active(span.end), once.next(span.end)) == (None, None)


def test_an_occurrence_keeps_its_time_of_day_when_the_clock_is_put_forward() -> None:
    weekly = window("2026-03-15 21:00", 60, "FREQ=WEEKLY;BYDAY=SU", BERLIN)

    assert starts(weekly, 4) == ["2026-03-15 21:00", "2026-03-22 21:00", "2026-03-29 20:00", "2026-04-05 20:00"]


def test_an_occurrence_keeps_its_time_of_day_when_the_clock_is_put_back() -> None:
    daily = window("2026-10-30 05:00", 60, "FREQ=DAILY", NEW_YORK)

    assert starts(daily, 4) == ["2026-10-30 05:00", "2026-10-31 05:00", "2026-11-01 05:00", "2026-11-02 06:00"]


def test_a_time_the_clock_jumps_over_is_told_by_the_offset_before() -> None:
    daily = window("2026-03-28 01:30", 20, "FREQ=DAILY", BERLIN)

    # 02:30 is not there on the 29th: it is 03:30 then.
    assert starts(daily, 3) == ["2026-03-28 01:30", "2026-03-29 01:30", "2026-03-30 00:30"]


def test_a_time_the_clock_shows_twice_is_the_first() -> None:
    daily = window("2026-10-24 00:30", 20, "FREQ=DAILY", BERLIN)

    assert starts(daily, 3) == ["2026-10-24 00:30", "2026-10-25 00:30", "2026-10-26 01:30"]


def test_a_rule_that_begins_in_the_second_of_two_equal_hours_begins_there() -> None:
    daily = window("2026-10-25 01:30", 20, "FREQ=DAILY;COUNT=2", BERLIN)

    assert starts(daily, 9) == ["2026-10-25 01:30", "2026-10-26 01:30"]


def test_times_that_a_jump_makes_one_come_once_and_in_order() -> None:
    hours = window("2026-03-28 01:00", 10, "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,45", BERLIN)

    # On the 29th 02:00 and 02:45 are 03:00 and 03:45.
    assert starts(hours, 7) == [
        *("2026-03-28 01:00", "2026-03-28 01:45", "2026-03-28 02:00", "2026-03-28 02:45"),
        *("2026-03-29 01:00", "2026-03-29 01:45", "2026-03-30 00:00"),
    ]


def test_a_leap_day_comes_in_leap_years() -> None:
    assert starts(window("2024-02-29 10:00", 60, "FREQ=YEARLY"), 3) == [
        *("2024-02-29 10:00", "2028-02-29 10:00", "2032-02-29 10:00"),
    ]
    assert starts(window("2096-02-29 10:00", 60, "FREQ=YEARLY"), 1) == ["2096-02-29 10:00"]
    skipped = window("2096-02-29 10:00", 60, "FREQ=YEARLY").next(at("2096-03-01 00:00"))
    assert skipped == Span(at("2104-02-29 10:00"), at("2104-02-29 11:00"))


def test_the_31st_comes_in_months_that_have_one() -> None:
    monthly = window("2026-01-31 10:00", 60, "FREQ=MONTHLY")

    assert starts(monthly, 3) == ["2026-01-31 10:00", "2026-03-31 10:00", "2026-05-31 10:00"]
    assert starts(monthly, 2, after="2030-06-15 00:00") == ["2030-07-31 10:00", "2030-08-31 10:00"]


def test_an_interval_keeps_its_step_years_later() -> None:
    every_second = window("2026-11-23 13:00", 60, "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE")

    assert starts(every_second, 3) == ["2026-11-23 13:00", "2026-11-25 13:00", "2026-12-07 13:00"]
    # 520 weeks later, an even number, it is on again.
    assert starts(every_second, 2, after="2036-11-10 00:00") == ["2036-11-10 13:00", "2036-11-12 13:00"]


def test_the_week_of_an_interval_begins_on_the_day_the_rule_says() -> None:
    """The example of RFC 5545 §3.8.5.3 where WKST makes a difference."""
    rule = "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU"

    assert starts(window("1997-08-05 09:00", 60, f"{rule};WKST=MO"), 9) == [
        *("1997-08-05 09:00", "1997-08-10 09:00", "1997-08-19 09:00", "1997-08-24 09:00"),
    ]
    assert starts(window("1997-08-05 09:00", 60, f"{rule};WKST=SU"), 9) == [
        *("1997-08-05 09:00", "1997-08-17 09:00", "1997-08-19 09:00", "1997-08-31 09:00"),
    ]


def test_a_count_is_counted_from_the_first_one() -> None:
    thrice = window("2026-11-23 13:00", 60, "FREQ=DAILY;COUNT=3")

    assert starts(thrice, 9) == ["2026-11-23 13:00", "2026-11-24 13:00", "2026-11-25 13:00"]
    assert starts(thrice, 9, after="2026-11-24 14:00") == ["2026-11-25 13:00"]
    assert thrice.next(at("2026-11-25 13:00")) is None


@pytest.mark.parametrize(("until", "last"), [("20261129T020000Z", "29"), ("20261129T015959Z", "22")])
def test_until_is_a_moment_and_the_last_one_may_begin_on_it(until: str, last: str) -> None:
    weekly = window("2026-11-15 02:00", 60, f"FREQ=WEEKLY;UNTIL={until}", BERLIN)

    assert starts(weekly, 9)[-1] == f"2026-11-{last} 02:00"


def test_until_in_the_second_of_two_equal_hours_is_after_the_first() -> None:
    # 02:30 of that day is 00:30 UTC; UNTIL is 02:15 again, an hour after the first 02:15.
    daily = window("2026-10-24 00:30", 20, "FREQ=DAILY;UNTIL=20261025T011500Z", BERLIN)

    assert starts(daily, 9) == ["2026-10-24 00:30", "2026-10-25 00:30"]


def test_one_that_is_under_way_is_found_by_a_span_that_begins_in_it() -> None:
    daily = window("2026-11-01 22:00", 240, "FREQ=DAILY")
    night = Span(at("2026-11-23 22:00"), at("2026-11-24 02:00"))

    assert daily.active(at("2026-11-24 01:59")) == night
    assert daily.active(at("2026-11-24 02:00")) is None
    assert [*daily.occurrences(at("2026-11-24 01:00"), at("2026-11-24 22:00"))] == [night]


@pytest.mark.parametrize(
    "rrule", ["FREQ=HOURLY", "FREQ=DAILY", "FREQ=DAILY;COUNT=1000", "FREQ=MONTHLY;BYDAY=1MO", "FREQ=YEARLY"]
)
def test_an_old_rule_costs_no_more_than_a_new_one(rrule: str) -> None:
    old = window("2001-01-01 13:00", 30, rrule, BERLIN)
    now = at("2101-11-23 12:00")
    old.active(now)

    begun = time.process_time()
    for minute in range(20):
        old.active(now + timedelta(minutes=minute))
        old.next(now + timedelta(minutes=minute))

    # Walked from its first day, the hourly one alone would look at 880 000 times each turn.
    assert time.process_time() - begun < 1
