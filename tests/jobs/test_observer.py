"""Which outcomes an observer vouches for, and how long it takes."""

import time
from dataclasses import replace

import pytest

from is0k.jobs.doubts import Look
from is0k.jobs.failing import NEWS_FAILURES
from is0k.jobs.observer import BLIND, LATE, NAMELESS, UNSURE, Observer
from is0k.jobs.pulse import Pulse
from is0k.jobs.rounds import Rounds
from is0k.probes.base import Outcome, Timings
from is0k.schema.enums import Reason
from is0k.tests.jobs.birdcage import ALL, NAMES, FakeNetwork, watching
from is0k.tests.jobs.scene import DEGRADED, DOWN, ILL, SLOW, UNKNOWN, WELL, soon
from is0k.tests.stage.clock import FakeClock

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("open_database")]

TIMED_OUT = Outcome(DOWN, Reason.TIMEOUT, "no answer within 10 s", timings=Timings(dns_ms=3.0))
NO_NAME = Outcome(DOWN, Reason.DNS_ERROR, "name does not resolve: shop.example")


def look(number: int = 7, asks_system: bool = True) -> Look:
    return Look(number, time.monotonic(), asks_system)


def unknown(outcome: Outcome, doubt: str) -> Outcome:
    message = f"{doubt}. What it said: {outcome.message}"
    return replace(outcome, status=UNKNOWN, reason=Reason.OBSERVER_UNHEALTHY, message=message, latency_ms=None)


@pytest.fixture
def network() -> FakeNetwork:
    return FakeNetwork()


async def asked_anew(observer: Observer) -> None:
    """One round more, and heard of."""
    before = observer.rounds.latest
    await observer.rounds.since(time.monotonic())
    await soon(lambda: observer.rounds.latest is not before)


async def test_a_failure_stands_while_the_canaries_answer(network: FakeNetwork, clock: FakeClock) -> None:
    async with watching(network, clock) as observer:
        assert await observer.vouch(look(), ILL) is ILL


@pytest.mark.parametrize("outcome", [WELL, Outcome(UNKNOWN, Reason.LATE, "picked up late")])
async def test_what_is_no_failure_is_never_doubted_and_asks_nobody(
    network: FakeNetwork, clock: FakeClock, outcome: Outcome
) -> None:
    network.cut()
    async with watching(network, clock) as observer:
        assert await observer.vouch(look(), outcome) is outcome

    assert network.rounds == 1


async def test_a_failure_that_is_news_waits_for_a_round_that_saw_what_it_saw(
    network: FakeNetwork, clock: FakeClock
) -> None:
    async with watching(network, clock) as observer:
        network.cut()

        assert await observer.vouch(look(), ILL) == unknown(ILL, BLIND)
        assert network.rounds == 2


async def test_a_round_from_before_a_check_failed_says_nothing_about_it(network: FakeNetwork, clock: FakeClock) -> None:
    async with watching(network, clock) as observer:
        under_way = look()
        await asked_anew(observer)
        network.cut()

        assert await observer.vouch(under_way, ILL) == unknown(ILL, BLIND)


async def test_while_blind_nobody_waits(network: FakeNetwork, clock: FakeClock) -> None:
    network.cut()
    async with watching(network, clock) as observer:
        found = [await observer.vouch(look(number), TIMED_OUT) for number in range(50)]

    assert found == [unknown(TIMED_OUT, BLIND)] * 50
    assert network.rounds == 1


async def test_what_began_while_we_were_blind_is_not_believed_when_it_ends_later(
    network: FakeNetwork, clock: FakeClock
) -> None:
    network.cut()
    async with watching(network, clock) as observer:
        began_blind = look()
        network.mend()
        await asked_anew(observer)

        assert await observer.vouch(began_blind, TIMED_OUT) == unknown(TIMED_OUT, BLIND)
        assert await observer.vouch(look(), TIMED_OUT) is TIMED_OUT


async def test_monitors_that_are_down_all_the_time_cost_no_rounds(network: FakeNetwork, clock: FakeClock) -> None:
    async with watching(network, clock) as observer:
        for number in range(200):
            for _ in range(NEWS_FAILURES):
                observer.failing.note(number, True)
        for number in range(200):
            assert await observer.vouch(look(number), ILL) is ILL

    assert network.rounds == 1


async def test_monitors_that_are_slow_all_the_time_cost_none_either(network: FakeNetwork, clock: FakeClock) -> None:
    async with watching(network, clock) as observer:
        for number in range(200):
            assert await observer.vouch(look(number), SLOW) is SLOW

    assert network.rounds == 1


async def test_a_latest_round_that_is_too_old_is_not_trusted(network: FakeNetwork, clock: FakeClock) -> None:
    async with watching(network, clock) as observer:
        for _ in range(NEWS_FAILURES):
            observer.failing.note(7, True)
        assert observer.rounds.latest
        observer.rounds.latest.ended -= 11

        assert await observer.vouch(look(), ILL) is ILL
        assert network.rounds == 2


async def test_canaries_that_take_too_long_hold_nothing_for_ever(
    network: FakeNetwork, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("is0k.jobs.observer.LONGEST_HELD_SECONDS", 0.05)
    async with watching(network, clock) as observer:
        network.hanging = ALL[:3]

        assert await observer.vouch(look(), ILL) == unknown(ILL, UNSURE)


async def test_one_dead_canary_holds_up_nothing(network: FakeNetwork, clock: FakeClock) -> None:
    async with watching(network, clock) as observer:
        network.hanging = ALL[:1]

        assert await observer.vouch(look(), ILL) is ILL


async def test_without_a_canary_that_ever_answered_the_network_is_trusted(
    network: FakeNetwork, clock: FakeClock
) -> None:
    network.cut()
    async with watching(network, clock, proven=()) as observer:
        assert await observer.vouch(look(), ILL) is ILL


async def test_without_canaries_the_network_is_trusted(network: FakeNetwork, clock: FakeClock) -> None:
    async def nothing() -> list[str]:
        return []

    assert await Observer("default", 1, Rounds([], network, nothing), clock).vouch(look(), ILL) is ILL


class TestNames:
    @pytest.fixture
    def network(self, network: FakeNetwork) -> FakeNetwork:
        network.nameless = NAMES
        return network

    @pytest.mark.parametrize("outcome", [NO_NAME, replace(TIMED_OUT, timings=Timings())])
    async def test_a_look_up_that_failed_or_took_all_the_time_is_doubted(
        self, network: FakeNetwork, clock: FakeClock, outcome: Outcome
    ) -> None:
        async with watching(network, clock) as observer:
            assert await observer.vouch(look(), outcome) == unknown(outcome, NAMELESS)

    @pytest.mark.parametrize(
        "outcome", [ILL, TIMED_OUT, replace(TIMED_OUT, timings=Timings(), detail={"addresses": ["192.0.2.9"]})]
    )
    async def test_what_found_its_target_stands(self, network: FakeNetwork, clock: FakeClock, outcome: Outcome) -> None:
        async with watching(network, clock) as observer:
            assert await observer.vouch(look(), outcome) is outcome

    async def test_a_name_server_of_the_monitors_own_is_no_matter_of_ours(
        self, network: FakeNetwork, clock: FakeClock
    ) -> None:
        async with watching(network, clock) as observer:
            assert await observer.vouch(look(asks_system=False), NO_NAME) is NO_NAME

    async def test_names_that_work_again_are_believed_again(self, network: FakeNetwork, clock: FakeClock) -> None:
        async with watching(network, clock) as observer:
            began_blind = look()
            network.mend()
            await asked_anew(observer)

            assert await observer.vouch(began_blind, NO_NAME) == unknown(NO_NAME, NAMELESS)
            assert await observer.vouch(look(), NO_NAME) is NO_NAME


class TestStandingStill:
    """The process was stopped, the machine slept, or it had far too much to do."""

    @pytest.fixture
    def pulse(self) -> Pulse:
        self.seconds = 100.0
        return Pulse(lambda: self.seconds)

    @pytest.mark.parametrize("outcome", [TIMED_OUT, SLOW, Outcome(DOWN, Reason.CONNECTION_RESET, "reset by peer")])
    async def test_what_was_measured_meanwhile_is_doubted(
        self, network: FakeNetwork, clock: FakeClock, pulse: Pulse, outcome: Outcome
    ) -> None:
        async with watching(network, clock, pulse=pulse) as observer:
            held_up = look()
            self.seconds += 30

            assert await observer.vouch(held_up, outcome) == unknown(outcome, LATE)
            assert await observer.vouch(look(), outcome) is outcome

    @pytest.mark.parametrize("outcome", [ILL, Outcome(DOWN, Reason.CONNECTION_REFUSED, "connection refused")])
    async def test_what_the_target_said_stands(
        self, network: FakeNetwork, clock: FakeClock, pulse: Pulse, outcome: Outcome
    ) -> None:
        async with watching(network, clock, pulse=pulse) as observer:
            held_up = look()
            self.seconds += 30

            assert await observer.vouch(held_up, outcome) is outcome


async def test_a_slow_answer_is_doubted_while_blind_and_another_weakness_is_not(
    network: FakeNetwork, clock: FakeClock
) -> None:
    expiring = Outcome(DEGRADED, Reason.TLS_EXPIRING, "certificate expires in 6 days")
    network.cut()
    async with watching(network, clock) as observer:
        assert await observer.vouch(look(), SLOW) == unknown(SLOW, BLIND)
        assert await observer.vouch(look(), expiring) is expiring
