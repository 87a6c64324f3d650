"""Cron lines of five fields: what they may say, and when they come round, as Debian's cron has it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from is0k.schema.faults import Fault

# Any day will do to see whether there is a next one: a leap day comes within eight years.
SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CronLine:
    maximum: int = 100

    def __call__(self, value: str) -> Iterator[Fault]:
        if len(value) > self.maximum:
            yield Fault((), "BAD_LENGTH", f"Must have at most {self.maximum} characters")
        elif message := cron_fault(value):
            yield Fault((), "BAD_CRON", message)

    def json_schema(self) -> dict[str, Any]:
        # Of all that is taken only what a pattern can say without saying too much.
        pattern = r"^(\*|[1-5]?[0-9]) (\*|1?[0-9]|2[0-3]) (\*|[1-9]|1[0-9]|2[0-8]) (\*|[1-9]|1[0-2]) (\*|[0-6])$"
        return {"pattern": pattern, "maxLength": self.maximum}


def cron_fault(line: str) -> str | None:
    count = len(line.split())
    if count == 6:
        return "Must have five fields (minute hour day month weekday); seconds are not taken"
    if count != 5 or line.startswith("@"):
        return "Must have five fields (minute hour day month weekday), such as 30 2 * * *"
    try:
        next(CronSim(line, SOME_DAY))
    except CronSimError as error:
        return f"Is no cron line: {str(error)[:1].lower()}{str(error)[1:]}"
    except StopIteration:
        return "Is a day that never comes"
    except (AssertionError, TypeError, ValueError):  # a step of what is no list of numbers, such as 5L/2
        return "Is no cron line"
    return None


@lru_cache(maxsize=8_192)
def next_time(line: str, timezone: str, after: int) -> int:
    """The first time after that, both in ms since the epoch.

    What falls into the hour that summer time skips comes right after it; what falls into the hour that comes twice
    comes in the first of the two.
    """
    zone = UTC if timezone == "UTC" else ZoneInfo(timezone)
    times = CronSim(line, datetime.fromtimestamp(after / 1000, zone))
    # Of an hour that comes twice cronsim names the first, also when that is over.
    return next(at for at in (round(moment.timestamp() * 1000) for moment in times) if at > after)
