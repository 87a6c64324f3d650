"""Tells whoever listens what a commit has changed: the sending end of live events.

Called after the commit, never within it. Nobody waits for Redis, and what it does not take at once is dropped: the
database is the truth, and who missed something reads it there.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from is0k import schema
from is0k.models.check import CheckRow
from is0k.schema.enums import MonitorStatus, Reason
from is0k.schema.ids import Prefix, decode

log = structlog.get_logger("is0k.events")

SEND_SECONDS = 0.5
COMPLAIN_SECONDS = 60.0


class StatusChange(NamedTuple):
    """`at` in milliseconds since the epoch; no reason where a person did it."""

    monitor_id: UUID
    before: MonitorStatus
    after: MonitorStatus
    at: int
    reason: Reason | None = None


class IncidentChange(NamedTuple):
    """An incident is new, or something of it is."""

    incident_id: UUID
    monitor_ids: Sequence[UUID] = ()


def incident_change(incident: schema.Incident) -> IncidentChange:
    """That something of this incident is new."""
    id = decode(Prefix.INCIDENT, incident.id)
    assert id is not None
    monitors = (decode(Prefix.MONITOR, monitor_id) for monitor_id in incident.monitor_ids)
    return IncidentChange(id, [monitor for monitor in monitors if monitor])


def channel(organization_id: UUID) -> str:
    return f"is0k:events:{organization_id}"


def message(
    checks: Iterable[tuple[UUID, CheckRow]] = (),
    region: str | None = None,
    changes: Iterable[StatusChange] = (),
    incidents: Iterable[IncidentChange] = (),
) -> bytes:
    """What has changed in one organization. Checks go with their monitor's id, and are all of one region."""
    return orjson.dumps(
        {
            "region": region,
            "checks": [(str(id), *row) for id, row in checks],
            "changes": [(str(id), *rest) for id, *rest in changes],
            "incidents": [(str(id), [str(monitor) for monitor in monitors]) for id, monitors in incidents],
        }
    )


class Announcer:
    """Nothing is opened before there is something to tell."""

    def __init__(self, url: str, send_seconds: float = SEND_SECONDS) -> None:
        self._redis, self._send_seconds = Redis.from_url(url), send_seconds
        self._waiting: list[tuple[UUID, bytes]] = []
        self._sending: asyncio.Task[None] | None = None
        self._quiet_until = 0.0

    def announce(self, messages: Iterable[tuple[UUID, bytes]]) -> None:
        """Organizations and what has changed in them; sent in this order."""
        self._waiting.extend(messages)
        if self._waiting and (self._sending is None or self._sending.done()):
            self._sending = asyncio.create_task(self._send())

    async def settle(self) -> None:
        """Returns when nothing is on its way any more."""
        if self._sending:
            await asyncio.wait({self._sending})

    async def close(self) -> None:
        """What is on its way gets its time, which is part of what a worker has to end in."""
        if self._sending:
            await asyncio.wait({self._sending}, timeout=self._send_seconds)
        await self._redis.aclose()

    async def _send(self) -> None:
        while self._waiting:
            # No more than comes in within the time-out is ever kept.
            messages, self._waiting = self._waiting, []
            try:
                async with asyncio.timeout(self._send_seconds):
                    await self._publish(messages)
            except (RedisError, OSError) as error:
                self._complain(len(messages), error)
            except Exception:
                log.exception("live events are dropped", messages=len(messages))

    async def _publish(self, messages: Sequence[tuple[UUID, bytes]]) -> None:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for organization_id, body in messages:
                pipeline.publish(channel(organization_id), body)
            await pipeline.execute()

    def _complain(self, dropped: int, error: Exception) -> None:
        if time.monotonic() >= self._quiet_until:
            self._quiet_until = time.monotonic() + COMPLAIN_SECONDS
            log.warning("live events are dropped, Redis does not take them", messages=dropped, error=repr(error))
