"""Do most monitors begin to fail together?"""

import time
from collections.abc import Iterable

from is0k.jobs.failing import MEMORY_SECONDS, MOST_MONITORS, NEWS_FAILURES, Failing
from is0k.schema.monitor import RETRIES

NOON = 10_000.0


def well(count: int, at: float = NOON) -> Failing:
    failing = Failing()
    note(failing, range(count), False, at)
    return failing


def note(failing: Failing, numbers: Iterable[int], is_failing: bool, at: float) -> None:
    for number in numbers:
        failing.note(number, is_failing, at)


def test_most_of_ten_or_more_within_a_minute_is_a_mass_failure() -> None:
    failing = well(19)
    note(failing, range(9), True, NOON + 1)
    assert not failing.is_mass

    note(failing, [9], True, NOON + 60)
    assert failing.is_mass


def test_a_half_is_not_most() -> None:
    failing = well(20)
    note(failing, range(10), True, NOON + 1)

    assert not failing.is_mass


def test_nine_are_not_enough_even_if_they_are_all() -> None:
    failing = well(9)
    note(failing, range(9), True, NOON + 1)

    assert not failing.is_mass


def test_those_that_fail_one_after_the_other_are_none() -> None:
    failing = well(12)
    for number in range(12):
        failing.note(number, True, NOON + 10 * number)

    assert not failing.is_mass


def test_only_those_looked_at_in_that_minute_are_asked() -> None:
    failing = well(100)
    note(failing, range(10), True, NOON + 61)

    assert failing.is_mass


def test_those_that_failed_when_they_were_first_seen_are_no_news() -> None:
    failing = Failing()
    note(failing, range(50), True, NOON)

    assert not failing.is_mass


def test_it_is_over_when_half_of_them_are_well_again() -> None:
    failing = well(10)
    note(failing, range(10), True, NOON + 1)
    note(failing, range(4), False, NOON + 30)
    failing.look(NOON + 30)
    assert failing.is_mass

    note(failing, [4], False, NOON + 31)
    failing.look(NOON + 31)
    assert not failing.is_mass


def test_it_is_over_when_nobody_looks_at_them_any_more() -> None:
    failing = well(10)
    note(failing, range(10), True, NOON + 1)
    failing.look(NOON + 1 + MEMORY_SECONDS)
    assert failing.is_mass

    failing.look(NOON + 2 + MEMORY_SECONDS)
    assert not failing.is_mass


def test_a_failure_is_news_until_no_monitor_would_wait_for_more() -> None:
    failing = well(1)
    for _ in range(NEWS_FAILURES):
        assert failing.is_news(0)
        failing.note(0, True, NOON)

    assert not failing.is_news(0)
    failing.note(0, False, NOON)
    assert failing.is_news(0)
    assert RETRIES.maximum < NEWS_FAILURES


def test_it_does_not_grow_for_ever() -> None:
    failing = Failing()
    note(failing, range(MOST_MONITORS + 5), True, NOON)

    assert len(failing._looked) == len(failing._failing) == MOST_MONITORS


def test_those_that_are_well_are_not_remembered_without_end_either() -> None:
    assert len(well(MOST_MONITORS + 5)._looked) == MOST_MONITORS


def test_thousands_that_fail_when_they_are_first_seen_are_noted_in_a_moment() -> None:
    """As after a restart; to look at all of them for each took minutes."""
    failing = Failing()
    began = time.process_time()
    note(failing, range(20_000), True, NOON)

    assert time.process_time() - began < 2
    assert not failing.is_mass
