"""Sees what no check can tell: that a region has no worker any more, and that nobody looks at a monitor.

Every worker is on the lookout, with Redis or without: what two of them find is said once, and done once.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from is0k.jobs.stopping import within
from is0k.models.monitor_state import mark_unwatched, recheck_lost
from is0k.models.notice import close_notice, open_notice, regions_with_notice
from is0k.models.region import silent_regions
from is0k.models.sql import Row, as_uuid
from is0k.resolvers.announcer import StatusChange, message
from is0k.resolvers.regions import LONGEST_SILENCE
from is0k.schema.clock import Clock, milliseconds, moment
from is0k.schema.enums import MonitorStatus, NoticeKind

log = structlog.get_logger("is0k.lookout")

BETWEEN_SECONDS = 20.0
# Longer than the longest time-out, and what it takes to hear of it.
LOST_MS = 45_000

Announce = Callable[[Iterable[tuple[UUID, bytes]]], None]


class Lookout:
    def __init__(self, clock: Clock, announce: Announce, between_seconds: float = BETWEEN_SECONDS) -> None:
        self.clock, self.announce, self.between = clock, announce, timedelta(seconds=between_seconds)
        self._looked_at: datetime | None = None
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        while not await within(self._stopping, self.between.total_seconds()):
            try:
                await self.look()
            except Exception as error:
                self._looked_at = None
                log.warning("could not look after the regions", error=repr(error))

    async def look(self) -> None:
        """The first look after a pause finds everybody silent, if the database or this machine stood still: it says
        nothing, so that the others can speak up before the next."""
        now = self.clock.now()
        silent = await silent_regions(milliseconds(now - LONGEST_SILENCE))
        if self._looked_at is not None and now - self._looked_at <= 2 * self.between:
            await tell_of_silence(silent, now)
            await recheck_lost(milliseconds(now), LOST_MS)
            self.announce(changes_to_unknown(await mark_unwatched(milliseconds(now)), milliseconds(now)))
        self._looked_at = now


async def tell_of_silence(silent: Mapping[str, int], now: datetime) -> None:
    """One notice for each silent region; it ends when the region speaks up, or when no monitor waits for it."""
    for region, seen_at in silent.items():
        words = (
            f"No worker of {region} has spoken up since {moment(seen_at):%Y-%m-%d %H:%M} UTC. "
            "It checks nothing until one does; monitors that are checked from nowhere else become unknown."
        )
        if await open_notice(NoticeKind.REGION_SILENT, region, words, now):
            log.warning("a region is silent", region=region, last_seen_at=moment(seen_at).isoformat())
    for region in await regions_with_notice(NoticeKind.REGION_SILENT):
        if region not in silent and await close_notice(NoticeKind.REGION_SILENT, region, now):
            log.info("a region is silent no more", region=region)


def changes_to_unknown(rows: Sequence[Row], now: int) -> Iterator[tuple[UUID, bytes]]:
    """Each organization, and the message for it."""
    changes: dict[UUID, list[StatusChange]] = {}
    for row in rows:
        change = StatusChange(as_uuid(row["id"]), MonitorStatus(row["status"]), MonitorStatus.UNKNOWN, now)
        changes.setdefault(as_uuid(row["organization_id"]), []).append(change)
    for organization_id, own in changes.items():
        yield organization_id, message(changes=own)
