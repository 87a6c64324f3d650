"""What a round of canaries says of our network and of our names, and when rounds are made."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager

import pytest

from is0k.jobs.rounds import Round, Rounds
from is0k.probes.canaries import Canary, Sign
from is0k.tests.jobs.birdcage import ADDRESSES, ALL, NAMES, FakeNetwork, rounds_of
from is0k.tests.jobs.scene import soon

pytestmark = pytest.mark.anyio


def round_of(
    proven: Iterable[Canary] = ALL, silent: Collection[Canary] = (), nameless: Collection[Canary] = ()
) -> Round:
    round = Round(0.0, proven)
    for canary in ALL:
        sign = Sign.NAMELESS if canary in nameless else Sign.SILENT if canary in silent else Sign.ANSWERS
        round.add(canary, sign)
    round.end(1.0)
    return round


@pytest.mark.parametrize(("silent", "is_blind"), [(ALL[:0], False), (ALL[:2], False), (ALL[:3], True), (ALL, True)])
async def test_blind_is_when_most_canaries_are_silent(silent: list[Canary], is_blind: bool) -> None:
    assert round_of(silent=silent).is_blind is is_blind


async def test_a_half_is_not_most() -> None:
    assert not round_of(proven=ALL[:4], silent=ALL[:2]).is_blind


async def test_one_that_never_answered_has_no_vote() -> None:
    assert round_of(proven=ALL[:2], silent=ALL[:2]).is_blind
    assert not round_of(proven=ALL[2:], silent=ALL[:2]).is_blind


async def test_without_any_that_ever_answered_nobody_is_blind() -> None:
    round = round_of(proven=(), silent=ALL)

    assert (round.is_blind, round.is_nameless) == (False, False)


async def test_names_are_blind_when_none_is_found_and_the_network_answers() -> None:
    round = round_of(nameless=NAMES)

    assert (round.is_blind, round.is_nameless) == (False, True)


async def test_one_name_that_is_found_is_enough() -> None:
    assert not round_of(nameless=NAMES[:1]).is_nameless


async def test_a_name_that_is_not_found_says_nothing_of_the_network() -> None:
    round = round_of(nameless=NAMES, silent=ADDRESSES[:1])

    assert (round.is_blind, round.is_nameless) == (False, True)
    assert round_of(nameless=NAMES, silent=ADDRESSES[:2]).is_blind


async def test_of_names_alone_none_found_is_blind() -> None:
    assert round_of(proven=NAMES, nameless=NAMES).is_blind


async def test_where_no_canary_is_a_name_names_are_not_blind() -> None:
    assert not round_of(proven=ADDRESSES, nameless=NAMES).is_nameless


async def test_that_all_is_well_is_known_before_a_dead_canary_has_timed_out() -> None:
    round = Round(0.0, ALL)
    for canary in (*ADDRESSES, NAMES[0]):
        assert not round.is_settled.is_set()
        round.add(canary, Sign.ANSWERS)

    assert round.is_settled.is_set()
    assert (round.is_blind, round.is_nameless) == (False, False)


async def test_that_something_is_wrong_is_known_at_the_end() -> None:
    round = Round(0.0, ALL)
    for canary in ALL:
        round.add(canary, Sign.SILENT)
        assert not round.is_settled.is_set()
    round.end(2.0)

    assert round.is_settled.is_set()


@asynccontextmanager
async def running(rounds: Rounds) -> AsyncIterator[list[Round]]:
    heard = list[Round]()
    task = asyncio.create_task(rounds.run(heard.append))
    await soon(lambda: heard)
    yield heard
    rounds.stop()
    await asyncio.wait_for(task, 5)


async def test_a_round_is_made_at_once_and_again_and_again() -> None:
    network = FakeNetwork()
    async with running(rounds_of(network, between_seconds=0.01)) as heard:
        await soon(lambda: len(heard) >= 3)

    assert network.rounds == len(heard)


async def test_who_asks_gets_one_round_together_that_began_after_they_asked() -> None:
    network = FakeNetwork()
    async with running(rounds := rounds_of(network)) as heard:
        asked_at = time.monotonic()
        found = await asyncio.gather(*(rounds.since(asked_at) for _ in range(200)))
        await soon(lambda: len(heard) == 2)

    assert {id(round) for round in found} == {id(heard[1])}
    assert heard[1].began >= asked_at
    assert network.rounds == 2


async def test_who_is_content_with_the_latest_gets_it_without_a_new_one() -> None:
    network = FakeNetwork()
    async with running(rounds := rounds_of(network)) as heard:
        assert await rounds.since(heard[0].began) is heard[0]

    assert network.rounds == 1


async def test_rounds_that_are_asked_for_are_kept_apart() -> None:
    network = FakeNetwork()
    rounds = rounds_of(network)
    rounds.shortest_seconds = 0.2
    async with running(rounds) as heard:
        await rounds.since(heard[0].ended)
        await soon(lambda: len(heard) == 2)

    assert heard[1].began - heard[0].began >= 0.19


async def test_a_canary_counts_from_the_round_after_its_first_answer() -> None:
    network = FakeNetwork()
    network.silent = ALL[1:]
    async with running(rounds := rounds_of(network, proven=())) as heard:
        assert rounds.proven == {ALL[0]}
        await rounds.since(heard[0].ended)
        network.cut()
        await rounds.since(heard[0].ended)
        await soon(lambda: len(heard) == 2)

    assert [set(round.proven) for round in heard] == [set(), {ALL[0]}]


async def test_those_that_answered_before_a_restart_count_at_once() -> None:
    network = FakeNetwork()
    network.cut()
    async with running(rounds_of(network)) as heard:
        assert heard[0].is_blind


async def test_what_answered_before_is_asked_for_again_when_it_could_not_be_read() -> None:
    answers: list[object] = [OSError("away"), OSError("away"), [str(ALL[0])]]

    async def read() -> Iterable[str]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[return-value]

    network = FakeNetwork()
    network.cut()
    rounds = Rounds(ALL, network, read, between_seconds=0.01, shortest_seconds=0.0)
    async with running(rounds) as heard:
        assert rounds.may_tell
        await soon(lambda: heard[-1].is_blind)

    assert [round.is_blind for round in heard[:3]] == [False, False, True]


async def test_without_canaries_there_is_nothing_to_wait_for() -> None:
    network = FakeNetwork()

    async def read() -> Iterable[str]:
        raise AssertionError("nobody asks")

    rounds = Rounds([], network, read)
    task = asyncio.create_task(rounds.run(lambda round: None))
    await asyncio.sleep(0)
    assert not rounds.may_tell
    rounds.stop()
    await asyncio.wait_for(task, 5)

    assert network.rounds == 0
