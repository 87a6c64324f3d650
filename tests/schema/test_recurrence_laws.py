"""Laws of repeating windows, over rules, zones and moments nobody would think of."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from is0k.schema.maintenance_window import schedule_faults
from is0k.schema.recurrence import Recurrence

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
HORIZON = timedelta(days=500)

zones = st.sampled_from(
    [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Asia/Kathmandu",
        "Africa/Cairo",
    ]
)
rules = st.sampled_from(
    [
        *("FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=DAILY;COUNT=5", "FREQ=DAILY;UNTIL=20270401T000000Z"),
        *("FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2", "FREQ=WEEKLY;COUNT=1", "FREQ=WEEKLY;INTERVAL=5;WKST=SU"),
        *("FREQ=MONTHLY", "FREQ=MONTHLY;INTERVAL=7", "FREQ=YEARLY", "FREQ=YEARLY;INTERVAL=2"),
        *("FREQ=HOURLY;INTERVAL=5", "FREQ=HOURLY"),
    ]
)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
windows = st.builds(
    lambda start, minutes, rule, zone: Recurrence(start, start + timedelta(minutes=minutes), rule, zone),
    moments,
    st.integers(1, 50),
    rules,
    zones,
)


@given(windows)
def test_the_first_one_is_the_window_itself(window: Recurrence) -> None:
    assume(not list(schedule_faults(window.starts_at, window.ends_at, window.rrule, window.timezone)))

    first = next(window.occurrences(window.starts_at, window.starts_at + DAY))

    assert (first.start, first.end) == (window.starts_at, window.ends_at)


@given(windows, moments)
def test_they_come_in_order_each_once_and_as_long_as_the_first(window: Recurrence, moment: datetime) -> None:
    spans = [*islice(window.occurrences(moment, moment + HORIZON), 50)]

    assert all(before.start < after.start for before, after in pairwise(spans))
    assert all(span.end - span.start == window.length for span in spans)
    assert all(span.end > moment and span.start < moment + HORIZON for span in spans)


@given(windows, moments)
def test_a_later_look_finds_the_same_ones(window: Recurrence, moment: datetime) -> None:
    """The work begins close to the moment asked about; asked from the very first, the answer is the same."""
    until = moment + 40 * DAY

    whole = [span for span in window.occurrences(window.starts_at, until) if span.end > moment]

    assert [*window.occurrences(moment, until)] == whole


@given(windows, moments)
def test_active_and_next_are_what_the_list_says(window: Recurrence, moment: datetime) -> None:
    near = [*window.occurrences(moment - 60 * DAY, moment + HORIZON)]

    assert window.active(moment) == next((span for span in near if span.start <= moment < span.end), None)
    coming = window.next(moment)
    if later := [span for span in near if span.start > moment]:
        assert coming == later[0]
    else:
        assert coming is None or coming.start >= moment + HORIZON


@given(windows)
def test_one_is_on_from_its_first_second_to_the_one_before_its_last(window: Recurrence) -> None:
    for span in islice(window.occurrences(window.starts_at, window.starts_at + HORIZON), 30):
        assert window.active(span.start) is not None
        assert window.active(span.end - SECOND) is not None
        assert span in window.occurrences(span.start, span.end)


@given(windows)
def test_the_time_of_day_is_kept_unless_the_clock_jumps_over_it(window: Recurrence) -> None:
    assume(window.rrule and "HOURLY" not in window.rrule)
    zone = ZoneInfo(window.timezone)
    wanted = window.starts_at.astimezone(zone).timetz().replace(tzinfo=None)

    for span in islice(window.occurrences(window.starts_at, window.starts_at + HORIZON), 50):
        local = span.start.astimezone(zone)
        as_wanted = local.replace(hour=wanted.hour, minute=wanted.minute)
        is_jumped_over = as_wanted.astimezone(UTC).astimezone(zone).time() != wanted
        assert local.time() == wanted or is_jumped_over


numbers = st.lists(st.integers(-60, 60), min_size=1, max_size=3).map(lambda found: ",".join(map(str, found)))
parts = st.fixed_dictionaries(
    {"FREQ": st.sampled_from(["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"])},
    optional={
        "INTERVAL": st.integers(1, 1000),
        "COUNT": st.integers(1, 1000),
        "UNTIL": st.sampled_from(["00010101T000000Z", "19991231T000000Z", "20270101T000000Z", "99991231T235959Z"]),
        "BYDAY": st.sampled_from(["MO", "TU,SU", "-1FR", "5SA,1MO", "53WE"]),
        "WKST": st.sampled_from(["MO", "SU"]),
        **{f"BY{name}": numbers for name in ("HOUR", "MINUTE", "MONTH", "MONTHDAY", "YEARDAY", "WEEKNO", "SETPOS")},
    },
)


@given(moments, st.integers(1, 50), parts, zones)
def test_any_rule_is_taken_or_refused(start: datetime, minutes: int, parts: dict[str, object], zone: str) -> None:
    rule = ";".join(f"{name}={value}" for name, value in parts.items())
    window = Recurrence(start, start + timedelta(minutes=minutes), rule, zone)

    faults = list(schedule_faults(window.starts_at, window.ends_at, window.rrule, window.timezone))

    assert len(faults) <= 1
    if not faults:
        assert window.active(start) == next(window.occurrences(start, start + DAY))
