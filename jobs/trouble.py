"""A trouble of this worker's own, told to everybody in one notice; later, when the database is away meanwhile."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from is0k.models.notice import close_notice, close_stale_notice, open_notice, touch_notice
from is0k.schema.enums import NoticeKind

log = structlog.get_logger("is0k.observer")

# Whoever is in trouble says so every ten seconds: one that is silent for longer has died of it.
STALE = timedelta(seconds=60)
MOST_UNTOLD = 100


@dataclass(slots=True)
class Spell:
    words: str
    began: datetime
    ended: datetime | None = None


class Trouble:
    def __init__(self, kind: NoticeKind, region: str) -> None:
        self.kind, self.region = kind, region
        self._spells = deque[Spell](maxlen=MOST_UNTOLD)  # those that are not told to their end, oldest first

    @property
    def is_on(self) -> bool:
        return bool(self._spells) and self._spells[-1].ended is None

    def begin(self, words: str, now: datetime) -> None:
        if not self.is_on:
            self._spells.append(Spell(words, now))
            log.warning(words, notice=self.kind.value, region=self.region)

    def end(self, now: datetime) -> None:
        if self.is_on:
            self._spells[-1].ended = now
            log.info("it is over", notice=self.kind.value, region=self.region)

    async def tell(self, now: datetime) -> None:
        """To be called again and again. Other workers of the region may be in the same trouble, or have died of it."""
        while self._spells:
            spell = self._spells[0]
            if not await open_notice(self.kind, self.region, spell.words, spell.began):
                await touch_notice(self.kind, self.region, now)
            if spell.ended is None:
                return
            await close_notice(self.kind, self.region, spell.ended)
            self._spells.popleft()
        await close_stale_notice(self.kind, self.region, now - STALE, now)
