"""Which span of maintenance is kept with a monitor, in minutes since the clock's start."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from is0k.models.overlay import AHEAD, SOON, first_of, overlay
from is0k.schema.recurrence import Span

MS = 1 / 60_000
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def span(pair: tuple[float, float] | None) -> Span | None:
    return Span(at(pair[0]), at(pair[1])) if pair else None


class Case(NamedTuple):
    """Now is minute 100."""

    stored: tuple[float, float] | None
    coming: tuple[float, float] | None
    last_tick: float | None
    kept: tuple[float, float] | None


CASES = {
    "nothing is and nothing comes": Case(None, None, 99, None),
    "one comes": Case(None, (110, 120), 99, (110, 120)),
    "it comes sooner": Case((110, 120), (105, 120), 99, (105, 120)),
    "it does not come any more": Case((110, 120), None, 99, None),
    "one that is goes on": Case((90, 120), (90, 120), 99, (90, 120)),
    "one that is becomes longer": Case((90, 120), (90, 150), 99, (90, 150)),
    "one that is becomes shorter": Case((90, 120), (90, 110), 99, (90, 110)),
    "one that is ends now": Case((90, 120), None, 99, (90, 100)),
    "one that began long ago is made now": Case(None, (50, 120), 99, (99 + MS, 120)),
    "one that began long ago is made now, before any check": Case(None, (50, 120), None, (50, 120)),
    "one that began after the last check is made now": Case(None, (95, 120), 90, (95, 120)),
    "one that began long ago, and a check is on its way": Case(None, (50, 120), 101, (100, 120)),
    "one that is begins earlier by its new rule": Case((90, 120), (50, 120), 99, (90, 120)),
    "one of two that overlapped is gone": Case((60, 130), (90, 130), 99, (60, 130)),
    "one of two is gone, and the other comes later": Case((60, 150), (120, 150), 99, (60, 100)),
    "what is over stays": Case((80, 90), None, 95, (80, 90)),
    "what is over goes for the next": Case((80, 90), (120, 130), 95, (120, 130)),
    "what is over stays until a check has seen it": Case((80, 90), (120, 130), 70, (80, 90)),
    "what is over and the next are one if no check has come between": Case((80, 90), (103, 130), 70, (80, 130)),
    "what no check has seen is not needed where there are none": Case((80, 90), (120, 130), None, (120, 130)),
    "the next has begun unseen": Case((80, 90), (95, 130), 70, (80, 130)),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_kept(case: Case) -> None:
    last_tick = None if case.last_tick is None else at(case.last_tick)

    assert overlay(span(case.stored), span(case.coming), last_tick, at(100)) == span(case.kept)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_kept_stays_when_nothing_else_has_happened(case: Case) -> None:
    last_tick = None if case.last_tick is None else at(case.last_tick)

    assert overlay(span(case.kept), span(case.coming), last_tick, at(100)) == span(case.kept)


moments = st.integers(0, 200)
pairs = st.none() | st.tuples(moments, st.integers(1, 60)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(pairs, pairs, st.none() | moments)
def test_it_is_maintenance_now_exactly_when_the_windows_say_so(
    stored: tuple[int, int] | None, coming: tuple[int, int] | None, last_tick: int | None
) -> None:
    if coming and coming[1] <= 100:
        coming = None
    kept = overlay(span(stored), span(coming), None if last_tick is None else at(last_tick), at(100))

    is_now = kept is not None and kept.start <= at(100) < kept.end
    if coming is None or not 100 < coming[0] <= 100 + SOON.total_seconds() / 60:
        assert is_now is (coming is not None and coming[0] <= 100)
    # One that is to begin is there in time.
    elif kept:
        assert kept.end == at(coming[1])


def test_windows_that_overlap_or_meet_are_one() -> None:
    spans = [(30, 40), (0, 10), (10, 20), (5, 8), (19, 25), (26, 28)]

    assert first_of(Span(at(start), at(end)) for start, end in spans) == span((0, 25))


def test_a_window_is_known_well_before_it_begins() -> None:
    assert timedelta(minutes=2) <= SOON < AHEAD
