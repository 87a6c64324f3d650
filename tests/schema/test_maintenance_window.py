"""What a maintenance window's times may be."""

from datetime import UTC, datetime, timedelta

import pytest

from is0k.schema import CreateMaintenanceWindowInput, UpdateMaintenanceWindowInput
from is0k.schema.maintenance_window import schedule_faults
from is0k.schema.rules import faults_of

START = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)  # a Sunday; 02:00 in Berlin
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def found(value: object) -> dict[str, str]:
    return {".".join(fault.field): fault.code for fault in faults_of(value)}


def new(start: datetime = START, length: timedelta = HOUR, **fields: object) -> dict[str, str]:
    times = {"title": "Upgrade", "starts_at": start, "ends_at": start + length}
    return found(CreateMaintenanceWindowInput(**{**times, **fields}))  # type: ignore[arg-type]


@pytest.mark.parametrize("length", [timedelta(minutes=1), HOUR, 30 * DAY])
def test_a_window_lasts_a_minute_to_30_days(length: timedelta) -> None:
    assert new(length=length) == {}


@pytest.mark.parametrize("length", [-HOUR, timedelta(0), timedelta(seconds=59), 30 * DAY + timedelta(seconds=1)])
def test_no_other_length_is_taken(length: timedelta) -> None:
    assert new(length=length) == {"endsAt": "OUT_OF_RANGE"}


@pytest.mark.parametrize("year", [1, 1999, 2200, 9999])
def test_a_window_is_in_our_time(year: int) -> None:
    assert new(START.replace(year=year))["startsAt"] == "OUT_OF_RANGE"


def test_a_rule_that_cannot_be_read_is_told_with_all_the_rest() -> None:
    assert new(length=-HOUR, rrule="FREQ=SECONDLY", timezone="Mars", title="") == {
        "title": "BAD_LENGTH",
        "endsAt": "OUT_OF_RANGE",
        "rrule": "BAD_RRULE",
        "timezone": "UNKNOWN_TIMEZONE",
    }


@pytest.mark.parametrize(
    ("rrule", "timezone"),
    [
        ("FREQ=WEEKLY;BYDAY=SU", "UTC"),
        ("FREQ=WEEKLY;BYDAY=SU;BYHOUR=2", "Europe/Berlin"),
        ("FREQ=MONTHLY;BYDAY=4SU", "UTC"),
        ("FREQ=MONTHLY;BYMONTHDAY=22,-9", "UTC"),
        ("FREQ=WEEKLY;BYDAY=SA", "America/New_York"),
        ("FREQ=DAILY;UNTIL=20261122T010000Z", "UTC"),
    ],
)
def test_the_first_time_is_one_of_the_rule_in_its_time_zone(rrule: str, timezone: str) -> None:
    assert new(rrule=rrule, timezone=timezone) == {}


@pytest.mark.parametrize(
    ("rrule", "timezone"),
    [
        ("FREQ=WEEKLY;BYDAY=MO", "UTC"),
        ("FREQ=WEEKLY;BYDAY=SU;BYHOUR=1", "Europe/Berlin"),
        ("FREQ=MONTHLY;BYDAY=3SU", "UTC"),
        ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", "UTC"),
        ("FREQ=MONTHLY;BYDAY=SU;BYSETPOS=9", "UTC"),
        ("FREQ=YEARLY;BYDAY=1SU;BYMONTHDAY=22", "UTC"),
        ("FREQ=DAILY;UNTIL=20261122T005959Z", "UTC"),
        ("FREQ=DAILY;UNTIL=19000101T000000Z", "UTC"),
    ],
)
def test_another_first_time_is_refused(rrule: str, timezone: str) -> None:
    assert new(rrule=rrule, timezone=timezone) == {"startsAt": "NOT_IN_RRULE"}


@pytest.mark.parametrize(
    ("rrule", "longest"),
    [
        ("FREQ=HOURLY", timedelta(minutes=59)),
        ("FREQ=DAILY;BYHOUR=1,4", timedelta(hours=2, minutes=59)),
        ("FREQ=WEEKLY;BYDAY=SU,MO", 24 * HOUR - timedelta(minutes=1)),
        ("FREQ=MONTHLY", 28 * DAY - timedelta(minutes=1)),
        ("FREQ=DAILY;COUNT=1", 30 * DAY),
    ],
)
def test_a_window_has_ended_before_it_comes_again(rrule: str, longest: timedelta) -> None:
    assert new(length=longest, rrule=rrule) == {}
    if longest < 30 * DAY:
        assert new(length=longest + timedelta(minutes=1), rrule=rrule) == {"rrule": "OVERLAP"}


def test_the_day_the_clock_is_put_forward_is_an_hour_shorter() -> None:
    assert new(length=23 * HOUR - timedelta(minutes=1), rrule="FREQ=DAILY", timezone="Europe/Berlin") == {}
    assert new(length=23 * HOUR, rrule="FREQ=DAILY", timezone="Europe/Berlin") == {"rrule": "OVERLAP"}


def test_what_must_be_there_cannot_be_cleared() -> None:
    cleared = UpdateMaintenanceWindowInput(
        title=None, starts_at=None, ends_at=None, rrule=None, timezone=None, monitor_ids=None
    )

    assert found(cleared) == {"title": "REQUIRED", "startsAt": "REQUIRED", "endsAt": "REQUIRED"}
    assert found(UpdateMaintenanceWindowInput()) == {}


def test_at_most_a_thousand_monitors_none_twice() -> None:
    assert new(monitor_ids=[str(number) for number in range(1001)]) == {"monitorIds": "TOO_MANY"}
    assert new(monitor_ids=["a", "b", "a"]) == {"monitorIds.2": "DUPLICATE"}


def test_times_that_are_missing_are_not_judged() -> None:
    assert list(schedule_faults(None, START, "FREQ=SECONDLY", "UTC")) == []
