"""Which monitors fail, as far as this worker has seen, and whether most of them began to together.

Then it is hardly all of their targets: a provider, a proxy or a firewall they share, or we ourselves.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass

WINDOW_SECONDS = 60.0
LEAST_MONITORS = 10
# After so long without a look it is not known any more how a monitor is.
MEMORY_SECONDS = 3_600.0
MOST_MONITORS = 50_000
# More failures in a row than any monitor asks for before it is down.
NEWS_FAILURES = 11
LONG_AGO = float("-inf")


@dataclass(slots=True)
class Failure:
    """`since` in seconds of the monotonic clock: the first time it failed that we saw, after it was well."""

    since: float
    times: int = 0


class Failing:
    def __init__(self) -> None:
        self._looked = OrderedDict[int, float]()  # when each was looked at last, in that order
        self._failing = OrderedDict[int, Failure]()  # in the order they began
        self._together = frozenset[int]()

    @property
    def is_mass(self) -> bool:
        return bool(self._together)

    def is_news(self, number: int) -> bool:
        """Whether one failure more may be what makes the monitor down."""
        failure = self._failing.get(number)
        return failure is None or failure.times < NEWS_FAILURES

    def note(self, number: int, is_failing: bool, now: float | None = None) -> None:
        now = time.monotonic() if now is None else now
        # One we see for the first time may have failed for days.
        since = now if number in self._looked else LONG_AGO
        self._looked[number] = now
        self._looked.move_to_end(number)
        if len(self._looked) > MOST_MONITORS:
            self._forget(self._looked.popitem(last=False)[0])
        if not is_failing:
            self._failing.pop(number, None)
            return
        failure = self._failing.setdefault(number, Failure(since))
        failure.times += 1
        # One that is no news began with nobody: after a restart there are thousands, and a look at all for each.
        if failure.times == 1 and since > LONG_AGO and not self._together:
            self._together = self._began_together(now)

    def look(self, now: float | None = None) -> None:
        """It is over when no more than half of those that began to fail together still do."""
        now = time.monotonic() if now is None else now
        while self._looked and next(iter(self._looked.values())) < now - MEMORY_SECONDS:
            self._forget(self._looked.popitem(last=False)[0])
        still = sum(number in self._failing for number in self._together)
        if 2 * still <= len(self._together):
            self._together = frozenset()

    def _began_together(self, now: float) -> frozenset[int]:
        since = now - WINDOW_SECONDS
        began = frozenset(number for number, failure in self._failing.items() if failure.since >= since)
        if len(began) < LEAST_MONITORS:
            return frozenset()
        looked = 0
        for at in reversed(self._looked.values()):
            if at < since:
                break
            looked += 1
        return began if 2 * len(began) > looked else frozenset()

    def _forget(self, number: int) -> None:
        self._failing.pop(number, None)
