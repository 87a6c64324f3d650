"""Answers the turns of heartbeat monitors out of the database: two statements for all that come at about one time."""

import asyncio
from collections.abc import Iterable, Sequence

from is0k.models.heartbeat import read_beats
from is0k.models.listening import read_listening
from is0k.models.monitor_state import expect
from is0k.models.sql import Row
from is0k.probes.base import Outcome
from is0k.probes.heartbeat import Beat, Gap, Hearing, Look, look
from is0k.schema.clock import Clock, milliseconds
from is0k.schema.heartbeat_settings import HeartbeatSettings

GATHER_SECONDS = 0.1
# What a restart takes, and what `curl --retry` bridges: no call is lost in less.
DEAF_MS = 15_000
# Whether somebody listened before that, nobody can tell.
LISTENING_KEPT_MS = 35 * 86_400_000


class Turn:
    """A monitor whose turn it is. `next_at`: when it comes round again anyway."""

    def __init__(self, number: int, settings: HeartbeatSettings, next_at: int) -> None:
        self.number, self.settings, self.next_at = number, settings, next_at
        self.answer: asyncio.Future[Outcome | None] = asyncio.get_running_loop().create_future()


class Heartbeats:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._turns: list[Turn] = []
        self._answering: set[asyncio.Task[None]] = set()

    async def ask(self, number: int, settings: HeartbeatSettings, next_at: int) -> Outcome | None:
        """None while there is nothing to say: its first call is waited for. Raises what the database raises."""
        turn = Turn(number, settings, next_at)
        self._turns.append(turn)
        if len(self._turns) == 1:
            task = asyncio.create_task(self._answer())
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        return await turn.answer

    async def _answer(self) -> None:
        await asyncio.sleep(GATHER_SECONDS)
        turns, self._turns = self._turns, []
        try:
            looks = await self._look(turns)
        except Exception as error:  # not swallowed: it is raised where the turn was asked for
            for turn in turns:
                if not turn.answer.done():
                    turn.answer.set_exception(error)
            return
        for turn in turns:
            if not turn.answer.done():  # its worker may be stopping
                turn.answer.set_result(looks[turn.number].outcome if turn.number in looks else None)

    async def _look(self, turns: Sequence[Turn]) -> dict[int, Look]:
        now = milliseconds(self.clock.now())
        # Before the calls: what was listened to by then is among them.
        hearing = hearing_of(await read_listening(now - LISTENING_KEPT_MS), now)
        rows = {row["number"]: row for row in await read_beats([turn.number for turn in turns])}
        looks = {
            turn.number: look(turn.settings, beat_of(rows[turn.number]), hearing, now)
            for turn in turns
            if turn.number in rows
        }
        sooner = [
            (turn.number, again_at)
            for turn in turns
            if turn.number in looks and (again_at := looks[turn.number].again_at) and again_at < turn.next_at
        ]
        if sooner:
            await expect(sorted(sooner))
        return looks


def beat_of(row: Row) -> Beat:
    return Beat(*(row[name] for name in Beat._fields))


def hearing_of(rows: Iterable[Row], now: int) -> Hearing:
    """Of signatures in the order of their beginning. What was before the first of them nobody can tell."""
    until, gaps = None, []
    for row in rows:
        if until is not None and row["heard_from"] - until >= DEAF_MS:
            gaps.append(Gap(until, row["heard_from"]))
        until = max(until or 0, row["heard_until"])
    if until is not None and now - until >= DEAF_MS:
        gaps.append(Gap(until, now))
    return Hearing(gaps, until or 0)
