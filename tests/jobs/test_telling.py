"""What people are told while maintenance lasts and while a monitor flaps. One check a minute, no retries."""

from collections.abc import Iterable

import pytest

from is0k.jobs.telling import Change, Window
from is0k.jobs.verdict import Policy, Result, State, Verdict, judge
from is0k.schema.enums import CheckStatus, MonitorStatus, Reason

MINUTE = 60_000
SEEN = {"U": CheckStatus.UP, "S": CheckStatus.DEGRADED, "D": CheckStatus.DOWN, "?": CheckStatus.UNKNOWN}


def live(checks: str, window: tuple[int, int] | None = None, minutes: Iterable[int] = ()) -> list[Verdict]:
    """`window` in minutes; the checks are at the minutes 1, 2, 3 … unless said otherwise."""
    maintenance = Window(window[0] * MINUTE, window[1] * MINUTE) if window else None
    policy, verdicts = Policy(MINUTE, 0, maintenance=maintenance), [Verdict(State())]
    for minute, letter in zip(minutes or range(1, len(checks) + 1), checks, strict=True):
        verdicts.append(judge(policy, verdicts[-1].state, Result(minute * MINUTE, 0, SEEN[letter])))
    return verdicts[1:]


def told(verdicts: Iterable[Verdict]) -> list[str]:
    changes = [transition for verdict in verdicts for transition in verdict.transitions]
    return [f"{each.change.value} at {each.at // MINUTE}" for each in changes]


def test_an_outage_within_maintenance_is_never_told() -> None:
    verdicts = live("UDDDUU", (2, 5))

    assert verdicts[2].state.status is MonitorStatus.DOWN
    assert told(verdicts) == []


def test_one_that_outlasts_it_is_told_at_its_end() -> None:
    assert told(live("UDDDDD", (2, 5))) == ["went_down at 5"]


def test_one_from_before_that_ends_within_it_is_told_at_its_end() -> None:
    assert told(live("UDUUUU", (3, 5))) == ["went_down at 2", "came_up at 5"]


def test_one_from_before_that_goes_on_is_not_told_again() -> None:
    assert told(live("UDDDDD", (3, 5))) == ["went_down at 2"]


def test_an_unknown_check_at_the_end_of_it_tells_nothing() -> None:
    assert told(live("UDDD?D", (2, 5))) == ["went_down at 5"]
    assert told(live("UDDD?U", (2, 5))) == []


def test_slowness_within_maintenance_is_not_told_either() -> None:
    assert told(live("USSUU", (2, 4))) == []


def test_six_changes_within_half_an_hour_are_told_as_flapping_and_no_more() -> None:
    verdicts = live("UDUDUDUDUDUDU")

    assert told(verdicts) == [
        *("went_down at 2", "came_up at 3", "went_down at 4", "came_up at 5", "went_down at 6"),
        "flapping at 7",
    ]
    assert verdicts[-1].state.told.is_flapping


def test_while_it_flaps_its_outage_goes_on_and_ends_after_ten_minutes_of_peace() -> None:
    verdicts = live("UDUDUDU" + "U" * 10)

    assert verdicts[-2].state.told.status is MonitorStatus.DOWN
    assert told(verdicts)[-2:] == ["flapping at 7", "came_up at 7"]
    assert not verdicts[-1].state.told.is_flapping


def test_one_that_settles_down_stays_down_without_another_word() -> None:
    verdicts = live("UDUDUDUD" + "D" * 10)

    assert told(verdicts)[-1] == "flapping at 7"
    assert verdicts[-1].state.told == (MonitorStatus.DOWN, verdicts[-1].state.told.flips, True, False)


def test_flapping_that_begins_with_a_failure_opens_the_outage_that_it_is() -> None:
    verdicts = live("D" + "UDUDU" + "U" * 4)

    assert told(verdicts)[0] == "went_down at 1"
    assert told(verdicts)[-1] == "flapping at 6"


def test_slow_changes_are_no_flapping() -> None:
    minutes = [place * 10 for place in range(1, 12)]

    assert "flapping" not in " ".join(told(live("UDUDUDUDUDU", minutes=minutes)))


@pytest.mark.parametrize("reason", [Reason.LATE, Reason.INTERNAL_ERROR])
def test_a_suspicion_outlives_a_check_that_told_nothing(reason: Reason) -> None:
    assert _after_two_failures(reason) is MonitorStatus.DOWN


def test_a_suspicion_from_before_our_own_trouble_begins_anew() -> None:
    assert _after_two_failures(Reason.OBSERVER_UNHEALTHY) is MonitorStatus.UP


def _after_two_failures(reason: Reason) -> MonitorStatus:
    """Up, two failures, a check that told nothing, and the failure that would be the third."""
    state, statuses = State(), [SEEN[letter] for letter in "UDD?D"]
    for minute, status in enumerate(statuses, 1):
        why = reason if status is CheckStatus.UNKNOWN else Reason.OK
        state = judge(Policy(MINUTE), state, Result(minute * MINUTE, 0, status, why)).state
    return state.status


def test_what_is_told_is_a_change_and_its_reason() -> None:
    state = judge(Policy(MINUTE, 0), State(), Result(MINUTE, 0, CheckStatus.UP)).state
    verdict = judge(Policy(MINUTE, 0), state, Result(2 * MINUTE, 0, CheckStatus.DOWN, Reason.TIMEOUT, "no answer"))

    assert verdict.transitions == ((Change.WENT_DOWN, 2 * MINUTE, Reason.TIMEOUT, "no answer"),)
