from datetime import UTC, datetime

import pytest

from is0k.schema.recurrence_rule import BadRule, fits, until_of, words


def test_a_rule_is_read_in_any_letter_case() -> None:
    assert words("freq=weekly;ByDay=mo,su") == {"FREQ": "WEEKLY", "BYDAY": "MO,SU"}


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY",
        "FREQ=HOURLY;INTERVAL=6;BYMINUTE=0",
        "FREQ=MONTHLY;BYDAY=-1SU;BYHOUR=2;COUNT=1000",
        "FREQ=YEARLY;BYWEEKNO=-1,53;BYDAY=MO;WKST=SU",
        "FREQ=YEARLY;BYYEARDAY=-366,366;UNTIL=20301231T235959Z",
        "FREQ=MONTHLY;BYMONTHDAY=-31,31;BYMONTH=1,12;BYSETPOS=-1",
    ],
)
def test_what_the_rfc_knows_is_taken(text: str) -> None:
    assert ";".join(f"{name}={value}" for name, value in words(text).items()) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Must be an RFC 5545 rule such as FREQ=WEEKLY;BYDAY=SU"),
        ("every sunday", "Must be an RFC 5545 rule such as FREQ=WEEKLY;BYDAY=SU"),
        ("FREQ=DAILY;", "Must be an RFC 5545 rule such as FREQ=WEEKLY;BYDAY=SU"),
        ("INTERVAL=2", "FREQ is required, as in FREQ=WEEKLY;BYDAY=SU"),
        ("FREQ=SECONDLY", "FREQ must be one of HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY"),
        ("FREQ=MINUTELY", "FREQ must be one of HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY"),
        ("FREQ=DAILY;FREQ=WEEKLY", "FREQ stands here twice"),
        ("DTSTART:20260101T000000Z\nRRULE:FREQ=DAILY", "Must be the rule alone; when it begins is said by startsAt"),
        ("DTSTART=20260101T000000Z;FREQ=DAILY", "Must be the rule alone; when it begins is said by startsAt"),
        ("EXDATE:20260101T000000Z;FREQ=DAILY", "Must be the rule alone; when it begins is said by startsAt"),
        ("FREQ=DAILY\nFREQ=DAILY", "FREQ must be one of HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY"),
        ("FREQ=DAILY;BYSECOND=1", "BYSECOND is not a part of a rule that is taken here"),
        ("FREQ=DAILY;BYEASTER=1", "BYEASTER is not a part of a rule that is taken here"),
        ("FREQ=DAILY;X=1", "X is not a part of a rule that is taken here"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL must be a number from 1 to 1000"),
        ("FREQ=DAILY;INTERVAL=1,2", "INTERVAL must be a number from 1 to 1000"),
        ("FREQ=DAILY;COUNT=1001", "COUNT must be a number from 1 to 1000"),
        ("FREQ=DAILY;COUNT=-1", "COUNT must be a number from 1 to 1000"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR must be numbers from 0 to 23"),
        ("FREQ=DAILY;BYHOUR=", "BYHOUR must be numbers from 0 to 23"),
        ("FREQ=DAILY;BYHOUR=٣", "Must be an RFC 5545 rule such as FREQ=WEEKLY;BYDAY=SU"),
        ("FREQ=HOURLY;BYMONTH=2", "BYMONTH may stand with DAILY and WEEKLY and MONTHLY and YEARLY only"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY must be numbers from -31 to 31"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20261231T235959Z", "Give COUNT or UNTIL, not both"),
        ("FREQ=DAILY;UNTIL=20261231", "UNTIL must be a time in UTC such as 20261231T235959Z"),
        ("FREQ=DAILY;UNTIL=20260230T000000Z", "UNTIL names a time that is not in the calendar"),
        ("FREQ=DAILY;BYDAY=XX", "BYDAY must be weekdays such as MO,WE or -1SU"),
        ("FREQ=DAILY;BYDAY=+MO", "BYDAY must be weekdays such as MO,WE or -1SU"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY may have numbers with MONTHLY and YEARLY only"),
        ("FREQ=MONTHLY;BYDAY=0MO", "The numbers of BYDAY must be from -53 to 53, and not 0"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY may stand with MONTHLY and YEARLY only"),
        ("FREQ=WEEKLY;BYSETPOS=2", "BYSETPOS may stand with MONTHLY and YEARLY only"),
        ("FREQ=MONTHLY;BYWEEKNO=2", "BYWEEKNO may stand with YEARLY only"),
    ],
)
def test_what_is_not_taken_is_told_why(text: str, why: str) -> None:
    with pytest.raises(BadRule) as refused:
        words(text)

    assert str(refused.value) == why


def test_until_is_a_moment_in_utc() -> None:
    assert until_of(words("FREQ=DAILY;UNTIL=20261231T235959Z")) == datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert until_of(words("FREQ=DAILY")) is None


@pytest.mark.parametrize(
    ("rule", "is_kept"),
    [
        ("FREQ=DAILY", True),
        ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=28,-1", True),
        ("FREQ=MONTHLY;BYMONTHDAY=-2", False),
        ("FREQ=DAILY;BYMONTH=3", False),
        ("FREQ=DAILY;BYDAY=MO,SA;BYHOUR=10;BYMINUTE=30", True),
        ("FREQ=MONTHLY;BYDAY=-1SA", True),
        ("FREQ=DAILY;BYDAY=MO", False),
        ("FREQ=DAILY;BYHOUR=9", False),
        ("FREQ=DAILY;BYMINUTE=0", False),
    ],
)
def test_a_time_fits_when_it_keeps_each_part_by_itself(rule: str, is_kept: bool) -> None:
    assert fits(words(rule), datetime(2026, 2, 28, 10, 30, tzinfo=UTC)) is is_kept
