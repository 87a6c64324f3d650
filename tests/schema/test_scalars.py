from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from is0k.schema.scalars import (
    ExpectedStatus,
    parse_datetime,
    parse_expected_status,
    parse_string_map,
    rfc3339,
    show_expected_status,
)

MOMENT = datetime(2026, 11, 23, 3, 1, 7, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T03:01:07.250Z",
        "2026-11-23T03:01:07.25Z",
        "2026-11-23T03:01:07.250000+00:00",
        "2026-11-23 03:01:07.250Z",
        "2026-11-23T04:01:07.250+01:00",
        "2026-11-22T22:31:07.250-04:30",
        "20261123T030107.250Z",
    ],
)
def test_a_time_is_read_in_any_iso_form_and_zone(text: str) -> None:
    moment = parse_datetime(text)

    assert moment == MOMENT
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        *("", "now", "2026-13-01T00:00:00Z", "2026-11-23T25:00:00Z", "1795402867"),
        *(1795402867, 1.5, None, True, ["x"], {}),
        # These moments have no name in UTC: they lie before the year 1 and after the year 9999.
        *("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"),
    ],
)
def test_what_is_not_a_time_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="Must be a time such as 2026-11-23T03:01:07Z"):
        parse_datetime(value)


@pytest.mark.parametrize("text", ["2026-11-23", "2026-11-23T03:01:07"])
def test_a_time_without_its_zone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Must name its time zone, as in 2026-11-23T03:01:07Z"):
        parse_datetime(text)


def test_a_time_is_shown_in_utc_with_milliseconds_and_a_z() -> None:
    assert rfc3339(MOMENT) == "2026-11-23T03:01:07.250Z"
    assert rfc3339(MOMENT.astimezone(timezone(timedelta(hours=5, minutes=45)))) == "2026-11-23T03:01:07.250Z"


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_shown_reads_back_to_the_millisecond(moment: datetime) -> None:
    assert parse_datetime(rfc3339(moment)) == moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@pytest.mark.parametrize(
    ("given", "stored", "shown"),
    [
        (200, ["200"], 200),
        ("200", ["200"], 200),
        ("2xx", ["2xx"], "2xx"),
        ("2XX", ["2xx"], "2xx"),
        ([204], ["204"], 204),
        ([200, "3xx", "404"], ["200", "3xx", "404"], [200, "3xx", 404]),
        ([200, "200", 200], ["200"], 200),
        ([*range(200, 220)], [str(code) for code in range(200, 220)], [*range(200, 220)]),
    ],
)
def test_the_expected_status_is_a_code_a_class_or_a_list(given: object, stored: list[str], shown: object) -> None:
    assert parse_expected_status(given) == stored
    assert show_expected_status(ExpectedStatus(stored)) == shown


@pytest.mark.parametrize(
    "value",
    [
        *(99, 600, 0, -200, 2.5, True, None, {"200": 1}),
        *("", "2x", "2xxx", "6xx", "0xx", "x", "200 ", "200\n", "٢٠٠"),
        *([], [[200]], [200, None], [*range(200, 221)]),
    ],
)
def test_what_is_no_status_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="Must be a status code such as 200, a class such as '2xx', or a list"):
        parse_expected_status(value)


def test_a_string_map_is_an_object_of_strings() -> None:
    given = {"A": "1", "B": ""}
    read = parse_string_map(given)

    assert read == {"A": "1", "B": ""}
    assert read is not given


@pytest.mark.parametrize("value", [None, "A: 1", [], ["A"], {"A": 1}, {"A": None}, {"A": ["1"]}, 1])
def test_what_is_no_object_of_strings_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="Must be an object whose values are strings"):
        parse_string_map(value)
