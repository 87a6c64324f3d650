"""The text of a recurrence rule (RFC 5545 §3.3.10), and what we take of it: nothing that could cost without bound."""

import re
from calendar import monthrange
from datetime import UTC, datetime

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCIES = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")


def _signed(most: int) -> frozenset[int]:
    return frozenset([*range(-most, 0), *range(1, most + 1)])


ONE_NUMBER = {"INTERVAL": range(1, 1001), "COUNT": range(1, 1001)}
NUMBERS = {
    "BYMINUTE": range(60),
    "BYHOUR": range(24),
    "BYMONTH": range(1, 13),
    "BYMONTHDAY": _signed(31),
    "BYYEARDAY": _signed(366),
    "BYWEEKNO": _signed(53),
    "BYSETPOS": _signed(366),
}
# The table of RFC 5545 §3.3.10, less what a rarer FREQ says as well: with it a day would be looked for hour by hour.
ONLY_WITH = {
    "BYMONTH": ("DAILY", "WEEKLY", "MONTHLY", "YEARLY"),
    "BYMONTHDAY": ("MONTHLY", "YEARLY"),
    "BYSETPOS": ("MONTHLY", "YEARLY"),
    "BYWEEKNO": ("YEARLY",),
    "BYYEARDAY": ("YEARLY",),
}
DAY = f"({'|'.join(WEEKDAYS)})"
NUMBERED_DAY = rf"([+-]?\d{{1,2}})?{DAY}"
WORDS = {
    "FREQ": ("|".join(FREQUENCIES), f"one of {', '.join(FREQUENCIES)}"),
    "UNTIL": (r"\d{8}T\d{6}Z", "a time in UTC such as 20261231T235959Z"),
    "WKST": (DAY, "a weekday such as MO"),
    "BYDAY": (f"{NUMBERED_DAY}(,{NUMBERED_DAY})*", "weekdays such as MO,WE or -1SU"),
}


class BadRule(ValueError):
    """A rule we do not take; the text says why, to a person."""


def words(text: str) -> dict[str, str]:
    """The parts of a rule by name, in upper case. Raises BadRule."""
    found: dict[str, str] = {}
    for part in text.upper().split(";"):
        name, equals, value = part.partition("=")
        if name.partition(":")[0] in ("DTSTART", "RDATE", "EXDATE", "EXRULE"):
            raise BadRule("Must be the rule alone; when it begins is said by startsAt")
        if not equals or not part.isascii():
            raise BadRule("Must be an RFC 5545 rule such as FREQ=WEEKLY;BYDAY=SU")
        if name in found:
            raise BadRule(f"{name} stands here twice")
        _check(name, value)
        found[name] = value
    _check_together(found)
    return found


def _check(name: str, value: str) -> None:
    if name in WORDS:
        pattern, wanted = WORDS[name]
        if not re.fullmatch(pattern, value):
            raise BadRule(f"{name} must be {wanted}")
    elif name in ONE_NUMBER or name in NUMBERS:
        allowed = NUMBERS.get(name) or ONE_NUMBER[name]
        numbers = value.split(",") if name in NUMBERS else [value]
        if not all(re.fullmatch(r"[+-]?\d{1,4}", number) and int(number) in allowed for number in numbers):
            many = "numbers" if name in NUMBERS else "a number"
            raise BadRule(f"{name} must be {many} from {min(allowed)} to {max(allowed)}")
    else:
        raise BadRule(f"{name[:20]} is not a part of a rule that is taken here")


def _check_together(rule: dict[str, str]) -> None:
    if "FREQ" not in rule:
        raise BadRule("FREQ is required, as in FREQ=WEEKLY;BYDAY=SU")
    if {"COUNT", "UNTIL"} <= rule.keys():
        raise BadRule("Give COUNT or UNTIL, not both")
    for name, frequencies in ONLY_WITH.items():
        if name in rule and rule["FREQ"] not in frequencies:
            raise BadRule(f"{name} may stand with {' and '.join(frequencies)} only")
    numbers = re.findall(r"[+-]?\d+", rule.get("BYDAY", ""))
    if numbers and rule["FREQ"] not in ("MONTHLY", "YEARLY"):
        raise BadRule("BYDAY may have numbers with MONTHLY and YEARLY only")
    if not all(int(number) in _signed(53) for number in numbers):
        raise BadRule("The numbers of BYDAY must be from -53 to 53, and not 0")
    until_of(rule)


def fits(rule: dict[str, str], time: datetime) -> bool:
    """Whether a time of the wall clock keeps what the rule says of each occurrence by itself.

    If it does not, it is no occurrence, and that is known without looking for one.
    """
    days_left = monthrange(time.year, time.month)[1] + 1
    has = {
        "BYMINUTE": {time.minute},
        "BYHOUR": {time.hour},
        "BYMONTH": {time.month},
        "BYMONTHDAY": {time.day, time.day - days_left},
    }
    kept = (not found.isdisjoint(map(int, rule[name].split(","))) for name, found in has.items() if name in rule)
    return all(kept) and WEEKDAYS[time.weekday()] in rule.get("BYDAY", WEEKDAYS)


def until_of(rule: dict[str, str]) -> datetime | None:
    """The last moment at which an occurrence may begin. Raises BadRule when there is no such day."""
    if "UNTIL" not in rule:
        return None
    try:
        return datetime.strptime(rule["UNTIL"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise BadRule("UNTIL names a time that is not in the calendar") from None
