"""Stories of a monitor: what its checks find, one a minute, and what is made of that.

U up · S slow (degraded) · D down · ? unknown
"""

from collections.abc import Iterable
from typing import NamedTuple

import pytest

from is0k.jobs.telling import Change, Told
from is0k.jobs.verdict import ANYWHERE, Policy, Result, State, Verdict, View, judge
from is0k.schema.enums import CheckStatus, MonitorStatus, Reason

MINUTE = 60_000
DEFAULT = Policy(MINUTE)

SEEN = {"U": CheckStatus.UP, "S": CheckStatus.DEGRADED, "D": CheckStatus.DOWN, "?": CheckStatus.UNKNOWN}


def results(checks: str) -> Iterable[Result]:
    """The first at minute 1."""
    return (Result(minute * MINUTE, 0, SEEN[letter]) for minute, letter in enumerate(checks, 1))


def live(checks: str, policy: Policy = DEFAULT, state: State | None = None) -> list[Verdict]:
    verdicts = [Verdict(state or State())]
    for result in results(checks):
        verdicts.append(judge(policy, verdicts[-1].state, result))
    return verdicts[1:]


class Story(NamedTuple):
    name: str
    checks: str
    statuses: str
    transitions: tuple[str, ...] = ()
    policy: Policy = DEFAULT


STORIES = [
    Story("nothing is known before the first check", "", ""),
    Story("the first good check is enough", "U", "up"),
    Story("the first slow check is enough", "S", "degraded", ("degraded at 1",)),
    Story("what was never up goes down after its confirmations", "DDD", "pending pending down", ("went_down at 1",)),
    Story("one failure is forgiven", "UDU", "up up up"),
    Story("two failures are forgiven", "UDDU", "up up up up"),
    Story("failures with a good check between them are forgiven", "UDDUDDU", "up up up up up up up"),
    Story(
        "down begins at the first failing tick, up at the first good one",
        "UDDDDU",
        "up up up down down up",
        ("went_down at 2", "came_up at 6"),
    ),
    Story("without retries the first failure counts", "UD", "up down", ("went_down at 2",), Policy(MINUTE, 0)),
    Story("with one retry the second counts", "UDD", "up up down", ("went_down at 2",), Policy(MINUTE, 1)),
    Story(
        "recovery needs as many good checks as it was asked to",
        "DUDUU",
        "down down down down up",
        ("went_down at 1", "came_up at 4"),
        Policy(MINUTE, 0, 2),
    ),
    Story(
        "a slow answer helps a recovery as much as a fast one",
        "DSUS",
        "down down down degraded",
        ("went_down at 1", "came_up at 2"),
        Policy(MINUTE, 0, 3),
    ),
    Story("slowness is confirmed like a failure", "USSS", "up up up degraded", ("degraded at 2",)),
    Story("one slow answer is forgiven", "USU", "up up up"),
    Story("slow, then fast", "SU", "degraded up", ("degraded at 1", "improved at 2")),
    Story(
        "slow, then fast for long enough",
        "SUUU",
        "degraded degraded degraded up",
        ("degraded at 1", "improved at 2"),
        Policy(MINUTE, 2, 3),
    ),
    Story("slow, then gone", "SDDD", "degraded degraded degraded down", ("degraded at 1", "went_down at 2")),
    Story("a slow answer is no confirmation of a failure", "UDSDSD", "up up up up up up"),
    Story("an unknown check changes nothing", "U?U", "up up up"),
    Story("an unknown check does not break a run", "UD?DD", "up up up up down", ("went_down at 2",)),
    Story("an unknown check is no confirmation", "UD?????", "up up up up up up up"),
    Story("an unknown check ends no outage", "DDD?", "pending pending down down", ("went_down at 1",)),
    Story("blind from the start", "??U", "pending pending up"),
]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_story(story: Story) -> None:
    verdicts = live(story.checks, story.policy)

    assert " ".join(verdict.state.status.value for verdict in verdicts) == story.statuses
    told = [transition for verdict in verdicts for transition in verdict.transitions]
    assert tuple(f"{each.change.value} at {each.at // MINUTE}" for each in told) == story.transitions


def test_a_transition_tells_the_reason_of_the_check_that_settled_it() -> None:
    views = {ANYWHERE: View(1, CheckStatus.DOWN, 2, 1)}
    state = State(status=MonitorStatus.UP, views=views, told=Told(MonitorStatus.UP))
    verdict = judge(DEFAULT, state, Result(2, 0, CheckStatus.DOWN, Reason.TIMEOUT, "no answer within 10 s"))

    assert verdict.transitions == ((Change.WENT_DOWN, 1, Reason.TIMEOUT, "no answer within 10 s"),)


@pytest.mark.parametrize("checks", ["UD", "UDD", "US", "D", "DDDUD", "UD?", "DDD"])
def test_a_recheck_is_asked_for_as_long_as_there_is_doubt(checks: str) -> None:
    policy = Policy(MINUTE, retries=3, recovery_checks=2)
    last = live(checks, policy)[-1]

    assert last.recheck_at == len(checks) * MINUTE + 10_000


@pytest.mark.parametrize("checks", ["U", "UDDD", "DDDU", "S", "U?", "?", "DDD?", "UDDU"])
def test_no_recheck_is_asked_for_without_doubt(checks: str) -> None:
    assert live(checks)[-1].recheck_at is None


def test_an_unknown_check_makes_blind_and_the_next_known_one_sees_again() -> None:
    assert [verdict.state.is_blind for verdict in live("U?D?U")] == [False, True, False, True, False]


@pytest.mark.parametrize("tick", [MINUTE, MINUTE - 1, 0])
def test_a_double_or_late_result_is_refused(tick: int) -> None:
    state = live("U")[-1].state
    verdict = judge(DEFAULT, state, Result(tick, 0, CheckStatus.DOWN))

    assert verdict == Verdict(state, is_applied=False)


@pytest.mark.parametrize("epoch", [0, 2])
def test_a_result_of_another_epoch_is_refused(epoch: int) -> None:
    state = State(epoch=1)
    verdict = judge(DEFAULT, state, Result(MINUTE, epoch, CheckStatus.DOWN))

    assert verdict == Verdict(state, is_applied=False)


def test_after_a_new_epoch_an_outage_ends_with_the_first_good_check_all_the_same() -> None:
    state = State(epoch=1, status=MonitorStatus.DOWN, told=Told(MonitorStatus.DOWN, is_down=True))
    verdict = judge(DEFAULT, state, Result(7, 1, CheckStatus.UP))

    assert verdict.transitions == ((Change.CAME_UP, 7, Reason.OK, None),)


def test_after_a_new_epoch_an_outage_that_goes_on_is_no_second_one() -> None:
    state = State(epoch=1, status=MonitorStatus.DOWN, told=Told(MonitorStatus.DOWN, is_down=True))
    verdict = judge(DEFAULT, state, Result(7, 1, CheckStatus.DOWN))

    assert (verdict.state.status, verdict.transitions, verdict.recheck_at) == (MonitorStatus.DOWN, (), None)


@pytest.mark.parametrize(
    ("interval_ms", "retries", "recheck_ms"),
    [
        (60_000, 2, 15_000),
        (60_000, 1, 20_000),  # never longer than 20 s
        (60_000, 0, 20_000),  # for recoveries
        (5_000, 2, 1_250),
        (5_000, 10, 1_000),  # never shorter than a second
        (86_400_000, 2, 20_000),
    ],
)
def test_rechecks_are_spaced_to_fit_into_half_an_interval(interval_ms: int, retries: int, recheck_ms: int) -> None:
    assert Policy(interval_ms, retries).recheck_ms == recheck_ms
