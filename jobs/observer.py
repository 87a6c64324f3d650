"""Is it the target, or is it we? One observer for each worker vouches for every bad outcome before it counts.

Our network is blind when most of the canaries that ever answered do not; names are blind when no canary can be looked
up although the network answers. What was measured while this process stood still says nothing either. What we cannot
vouch for is unknown: it alerts nobody, is no downtime, and is looked at again as soon as we see.
"""

import asyncio
import time
from dataclasses import replace
from datetime import datetime

import structlog

from is0k.jobs.doubts import Look, depends_on_names, depends_on_time
from is0k.jobs.failing import Failing
from is0k.jobs.pulse import Pulse
from is0k.jobs.rounds import Round, Rounds
from is0k.jobs.stopping import within
from is0k.jobs.trouble import Trouble
from is0k.models.monitor_state import recheck_blind
from is0k.models.region import add_canaries, settle_blindness
from is0k.probes.base import Outcome
from is0k.schema.clock import Clock, milliseconds
from is0k.schema.enums import CheckStatus, NoticeKind, Reason

log = structlog.get_logger("is0k.observer")

# A round may be as old as that, or else the next is waited for; but nothing is held for longer than that.
LATEST_SECONDS = 10.0
LONGEST_HELD_SECONDS = 3.0
REPORT_SECONDS = 10.0
# Checks that were under way when we saw again end within it, and are then to be repeated as well.
RECHECK_SECONDS = 60.0
RECHECK_SPREAD_MS = 30_000

BLIND = "most canaries do not answer: this is our own network, not the target"
NAMELESS = "no canary's name can be looked up: this is our own name server, not the target"
LATE = "the check was held up on our side"
UNSURE = "the canaries took too long to answer to tell whether this is the target or our own network"


class Sight:
    """Whether we are blind, and since when not any more, in seconds of the monotonic clock."""

    def __init__(self) -> None:
        self.is_blind = False
        self._regained = float("-inf")

    def hear(self, is_blind: bool, round: Round) -> None:
        if self.is_blind and not is_blind:
            self._regained = round.began
        self.is_blind = is_blind

    def was_blind_since(self, moment: float) -> bool:
        return self.is_blind or self._regained >= moment


class Observer:
    def __init__(self, region: str, region_number: int, rounds: Rounds, clock: Clock, pulse: Pulse | None = None):
        self.region, self.region_number, self.rounds, self.clock = region, region_number, rounds, clock
        self.pulse = pulse or Pulse()
        self.failing = Failing()
        self.network, self.names = Sight(), Sight()
        self.blindness = Trouble(NoticeKind.BLIND, region)
        self.mass_failure = Trouble(NoticeKind.MASS_FAILURE, region)
        self._recheck_since: float | None = None
        self._canaries_stored = 0
        self._news, self._stopping = asyncio.Event(), asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()
        self._news.set()
        self.rounds.stop()
        self.pulse.stop()

    async def run(self) -> None:
        await asyncio.gather(self.rounds.run(self._hear), self.pulse.run(), self._report())

    async def vouch(self, look: Look, outcome: Outcome) -> Outcome:
        """`outcome` as it was, or unknown. Never raises, and holds nothing for more than about three seconds."""
        is_bad = outcome.status in (CheckStatus.DOWN, CheckStatus.DEGRADED)
        if is_bad and (doubt := await self._doubt(look, outcome)):
            self._recheck_since = time.monotonic()
            return doubted(outcome, doubt)
        if outcome.status is not CheckStatus.UNKNOWN:
            self.failing.note(look.number, outcome.status is CheckStatus.DOWN)
            self._watch_failing()
        return outcome

    async def _doubt(self, look: Look, outcome: Outcome) -> str | None:
        if depends_on_time(outcome) and self.pulse.has_missed_since(look.began):
            return LATE
        if not self.rounds.may_tell or not (outcome.status is CheckStatus.DOWN or depends_on_time(outcome)):
            return None
        try:
            async with asyncio.timeout(LONGEST_HELD_SECONDS):
                round = await self._round_for(look, may_bring_down=outcome.status is CheckStatus.DOWN)
        except TimeoutError:
            return UNSURE
        if round.is_blind or self.network.was_blind_since(look.began):
            return BLIND
        if depends_on_names(look, outcome) and (round.is_nameless or self.names.was_blind_since(look.began)):
            return NAMELESS
        return None

    async def _round_for(self, look: Look, may_bring_down: bool) -> Round:
        """What may bring a monitor down waits for a round that began after its check had failed: one from before may
        be from before we were cut off. Else the latest will do."""
        latest, now = self.rounds.latest, time.monotonic()
        is_urgent = may_bring_down and self.failing.is_news(look.number) and not self.network.is_blind
        if latest and not is_urgent and now - latest.ended <= LATEST_SECONDS:
            return latest
        return await self.rounds.since(now)

    def _hear(self, round: Round) -> None:
        self.network.hear(round.is_blind, round)
        self.names.hear(round.is_nameless, round)
        if self.network.is_blind or self.names.is_blind:
            self.blindness.begin(self._words(round), self.clock.now())
        elif self.blindness.is_on:
            self.blindness.end(self.clock.now())
            self._recheck_since = time.monotonic()
        elif len(self.rounds.proven) == self._canaries_stored:
            return
        self._news.set()

    def _words(self, round: Round) -> str:
        what = "names cannot be looked up" if self.names.is_blind else "its own network does not answer"
        return (
            f"The worker in {self.region} cannot see: {what}. "
            "What fails is unknown until it can, and nobody is alerted of it "
            f"({round.failed} of {len(round.proven)} canaries fail; IS0K_CANARIES names them)."
        )

    def _watch_failing(self) -> None:
        if self.failing.is_mass and not self.mass_failure.is_on:
            known = "its canaries answer" if self.rounds.proven else "no canary has ever answered, so it may be its own"
            self.mass_failure.begin(
                f"Most of what is checked from {self.region} began to fail within a minute, while {known}. "
                "Look for what they share: a provider, a proxy, a firewall.",
                self.clock.now(),
            )
            self._news.set()

    async def _report(self) -> None:
        while not self._stopping.is_set():
            self._news.clear()
            self.failing.look()
            if not self.failing.is_mass:
                self.mass_failure.end(self.clock.now())
            try:
                await self._tell()
            except Exception as error:
                # The database is away or busy: what is to be told is kept.
                log.warning("could not store how this worker sees", error=repr(error))
            await within(self._news, REPORT_SECONDS)

    async def _tell(self) -> None:
        now = self.clock.now()
        proven = set(map(str, self.rounds.proven))
        if len(proven) != self._canaries_stored:
            await add_canaries(self.region_number, proven)
            self._canaries_stored = len(proven)
        await self.blindness.tell(now)
        await settle_blindness(self.region_number)
        await self.mass_failure.tell(now)
        # While we are still overloaded, more checks would make it worse.
        if not self.blindness.is_on and not self.pulse.has_missed_since(time.monotonic() - LATEST_SECONDS):
            await self._recheck(now)

    async def _recheck(self, now: datetime) -> None:
        """For as long as checks may end that began while we did not see; at least once, when the database is back."""
        since = self._recheck_since
        if since is not None:
            await recheck_blind(self.region, milliseconds(now), RECHECK_SPREAD_MS)
            if self._recheck_since == since and time.monotonic() - since > RECHECK_SECONDS:
                self._recheck_since = None


def doubted(outcome: Outcome, doubt: str) -> Outcome:
    """What was seen stays as evidence, but counts for nothing: not even as a latency."""
    said = f"{doubt}. What it said: {outcome.message}" if outcome.message else doubt
    return replace(outcome, status=CheckStatus.UNKNOWN, reason=Reason.OBSERVER_UNHEALTHY, message=said, latency_ms=None)
