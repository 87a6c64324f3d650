"""Stories of a monitor that several regions check, once a minute.

A column is a minute, a line a region: U up · S slow · D down · ? unknown · blank: nothing was heard of it.
Within a minute the regions are heard of in the order of the lines.
"""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from is0k.jobs.telling import Change
from is0k.jobs.verdict import Policy, Result, State, Verdict, judge
from is0k.schema.enums import CheckStatus, MonitorStatus, Reason

MINUTE = 60_000
SEEN = {"U": CheckStatus.UP, "S": CheckStatus.DEGRADED, "D": CheckStatus.DOWN, "?": CheckStatus.UNKNOWN}
NAMES = ("eu", "us", "ap")


def results(lines: tuple[str, ...]) -> Iterator[Result]:
    for minute in range(max(map(len, lines))):
        for region, line in zip(NAMES, lines, strict=False):
            if minute < len(line) and line[minute] != " ":
                status = SEEN[line[minute]]
                reason, message = (Reason.TIMEOUT, "no answer") if status is CheckStatus.DOWN else (Reason.OK, None)
                yield Result((minute + 1) * MINUTE, 0, status, reason, message, region)


def live(*lines: str, retries: int = 0, recovery_checks: int = 1) -> list[Verdict]:
    policy = Policy(MINUTE, retries, recovery_checks, frozenset(NAMES[: len(lines)]))
    verdicts = [Verdict(State())]
    for result in results(lines):
        verdicts.append(judge(policy, verdicts[-1].state, result))
    return verdicts[1:]


def told(verdicts: list[Verdict]) -> tuple[str, ...]:
    changes = [transition for verdict in verdicts for transition in verdict.transitions]
    return tuple(f"{each.change.value} at {each.at // MINUTE}" for each in changes)


class Story(NamedTuple):
    name: str
    lines: tuple[str, ...]
    status: str
    told: tuple[str, ...] = ()
    retries: int = 0
    recovery_checks: int = 1


STORIES = [
    Story("all well", ("UU", "UU", "UU"), "up"),
    Story("one of three that fails makes it degraded", ("UD", "UU", "UU"), "degraded", ("degraded at 2",)),
    Story("… and up when it is well again", ("UDU", "UUU", "UUU"), "up", ("degraded at 2", "improved at 3")),
    Story("two of three make it down", ("UD", "UD", "UU"), "down", ("went_down at 2",)),
    Story("all three make it down, once", ("UD", "UD", "UD"), "down", ("went_down at 2",)),
    Story("one of two makes it degraded", ("UD", "UU"), "degraded", ("degraded at 2",)),
    Story("two of two make it down", ("UD", "UD"), "down", ("went_down at 2",)),
    Story(
        "it is down since a majority failed, not since the first did",
        ("UDDDD", "UUUUD", "UUUUU"),
        "down",
        ("degraded at 2", "went_down at 5"),
    ),
    Story(
        "it is up again since the majority was",
        ("UDDU", "UDUU", "UDDD"),
        "degraded",
        ("went_down at 2", "came_up at 4"),
    ),
    Story(
        "a recovery of all is one, whoever is heard of last",
        ("DU", "DU", "DU"),
        "up",
        ("went_down at 1", "came_up at 2"),
    ),
    Story("a failure is confirmed in each region", ("UDD", "UDD", "UDD"), "up", (), retries=2),
    Story("… as often as was asked for", ("UDDD", "UDDD", "UDDD"), "down", ("went_down at 2",), retries=2),
    Story("failures of different regions do not add up", ("UDUUDU", "UUDUUD", "UUUDUU"), "up", (), retries=1),
    Story(
        "a region that flickers does not hold the others up",
        ("UDUDUD", "UDDUUU", "UDDUUU"),
        "up",
        ("went_down at 2", "came_up at 4", "improved at 5"),
        retries=1,
    ),
    Story("a blind region has no say", ("U?????", "UDDDDD", "UDDDDD"), "down", ("went_down at 2",)),
    Story("two blind regions leave it to the third", ("U???", "U???", "UDDD"), "down", ("went_down at 2",)),
    Story("nobody who sees, nothing that changes", ("U??", "U??", "U??"), "up"),
    Story("a region that fell silent is waited for a while", ("UUD", "U", "U"), "up", ()),
    Story("… and then has no say", ("UUDDDD", "U", "U"), "down", ("degraded at 3", "went_down at 3")),
    Story("slow from one of three is no matter", ("US", "UU", "UU"), "up"),
    Story("slow from most is", ("US", "US", "UU"), "degraded", ("degraded at 2",)),
]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_story(story: Story) -> None:
    verdicts = live(*story.lines, retries=story.retries, recovery_checks=story.recovery_checks)

    assert verdicts[-1].state.status.value == story.status
    assert told(verdicts) == story.told


def test_the_regions_that_fail_are_named_and_those_that_do_not() -> None:
    [degraded] = live("UD", "UU", "UU")[-1].transitions

    assert degraded == (Change.DEGRADED, 2 * MINUTE, Reason.TIMEOUT, "From eu: no answer. Not from ap, us")


def test_of_a_majority_all_are_named() -> None:
    down = [transition for verdict in live("UD", "UD", "UU") for transition in verdict.transitions]

    assert down == [(Change.WENT_DOWN, 2 * MINUTE, Reason.TIMEOUT, "From eu, us: no answer. Not from ap")]


def test_a_region_nobody_asked_is_not_heard() -> None:
    policy, state = Policy(MINUTE, 0, 1, frozenset(["eu"])), State()
    verdict = judge(policy, state, Result(MINUTE, 0, CheckStatus.DOWN, region="us"))

    assert verdict == Verdict(state, is_applied=False)


def test_regions_are_late_and_double_each_for_itself() -> None:
    policy = Policy(MINUTE, 0, 1, frozenset(["eu", "us"]))
    first = judge(policy, State(), Result(2 * MINUTE, 0, CheckStatus.UP, region="eu"))
    other = judge(policy, first.state, Result(MINUTE, 0, CheckStatus.UP, region="us"))
    again = judge(policy, other.state, Result(2 * MINUTE, 0, CheckStatus.DOWN, region="eu"))

    assert [verdict.is_applied for verdict in (first, other, again)] == [True, True, False]


def test_where_no_region_is_named_all_workers_are_one_place() -> None:
    state = State()
    for minute, region in enumerate(["eu", "us", "eu"], 1):
        state = judge(Policy(MINUTE), state, Result(minute * MINUTE, 0, CheckStatus.DOWN, region=region)).state

    assert state.status is MonitorStatus.DOWN
    assert list(state.views) == [""]


@pytest.mark.parametrize(
    ("lines", "held"),
    [
        (("U", "U", "D"), CheckStatus.DEGRADED),
        (("D", "U", "D"), CheckStatus.DOWN),
        (("S", "S", "U"), CheckStatus.DEGRADED),
        (("S", "U", "U"), CheckStatus.UP),
        (("?", "U", "U"), CheckStatus.UP),
        (("?", "?", "?"), CheckStatus.UNKNOWN),
    ],
)
def test_what_held_until_the_next_tick_is_what_the_majority_saw(lines: tuple[str, ...], held: CheckStatus) -> None:
    assert live(*lines, retries=5)[-1].held is held


def test_a_round_in_doubt_is_looked_at_again() -> None:
    assert live("UD", "UU", "UU", retries=2)[-1].recheck_at == 2 * MINUTE + 15_000
    assert live("UDDD", "UUUU", "UUUU", retries=2)[-1].recheck_at is None
