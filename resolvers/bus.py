"""The receiving end of live events: one connection to Redis for a process, and from there to each who listens.

Redis is asked only for the organizations somebody listens to, and for nothing while nobody does. What happens while it
is away is not told later: a client that needs every event reads the history when it subscribes.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from is0k.models.monitor import Viewpoint
from is0k.models.organization import usable_keys
from is0k.resolvers.announcer import channel
from is0k.resolvers.context import Actor
from is0k.resolvers.events import Events, Part
from is0k.schema.clock import Clock, milliseconds
from is0k.schema.errors import DomainError, InternalError, InvalidApiKey, ServiceUnavailable
from is0k.schema.graphql_errors import SubscriberTooSlow

log = structlog.get_logger("is0k.events")

# A message holds a flush of the writer, of which there are at most four a second.
LONGEST_QUEUE = 100
# A deleted key hears nothing more within a second, whatever Redis does.
KEYS_SECONDS = 0.9
CONNECT_SECONDS = 2.0
# After so long without a word Redis is asked whether it is there, and believed gone after as long again.
SILENCE_SECONDS = 15.0
# A connection that has held for so long was one; a Redis that is full closes them at once.
LASTING_SECONDS = 5.0
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 0.05, 1.0


class Listener:
    """One subscription's place: what it wants to hear of, and what it has not read yet."""

    def __init__(self, actor: Actor, part: Part, monitor_ids: Set[UUID] | None) -> None:
        self.actor, self.part, self.monitor_ids = actor, part, monitor_ids
        self._queue = asyncio.Queue[Events | DomainError](LONGEST_QUEUE)

    def offer(self, events: Events) -> bool:
        """False when there is no more room: it reads too slowly."""
        if events.concern(self.part, self.monitor_ids):
            if self._queue.full():
                return False
            self._queue.put_nowait(events)
        return True

    def end(self, error: DomainError) -> None:
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(error)

    async def next(self) -> Events:
        """Waits for it. Raises what ended the subscription."""
        found = await self._queue.get()
        if isinstance(found, DomainError):
            raise found
        return found


class Bus:
    """Nothing is opened before somebody listens."""

    def __init__(self, url: str, clock: Clock, silence_seconds: float = SILENCE_SECONDS, public_url: str = "") -> None:
        # Without its `socket_timeout`: that is `asyncio.wait_for`, which on Python 3.11 may swallow a cancellation.
        self._redis = Redis.from_url(url, socket_connect_timeout=CONNECT_SECONDS)
        self._clock, self._silence_seconds, self._public_url = clock, silence_seconds, public_url
        self._listeners: dict[UUID, set[Listener]] = {}
        self._listened = asyncio.Event()  # to more organizations, or fewer, than before
        self._running: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._is_closed = False

    @contextmanager
    def listening(self, actor: Actor, part: Part, monitor_ids: Set[UUID] | None = None) -> Iterator[Listener]:
        """To what happens from now on in the actor's organization."""
        if self._is_closed:
            raise _stopping()
        listener = Listener(actor, part, monitor_ids)
        self._listeners.setdefault(actor.organization_id, set()).add(listener)
        self._listened.set()
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        try:
            yield listener
        finally:
            self._forget(listener)

    def end_all(self) -> None:
        """The process is about to stop: those who listen are told, and nobody else may begin."""
        self._is_closed = True
        self._end(self.listeners, _stopping())

    async def close(self) -> None:
        self.end_all()
        if self._ending:
            await asyncio.wait(self._ending)
        await self._redis.aclose()

    @property
    def listeners(self) -> list[Listener]:
        return [listener for listeners in self._listeners.values() for listener in listeners]

    def _end(self, listeners: Iterable[Listener], error: DomainError) -> None:
        for listener in listeners:
            listener.end(error)
            self._forget(listener)

    def _forget(self, listener: Listener) -> None:
        organization_id = listener.actor.organization_id
        listeners = self._listeners.get(organization_id, set())
        listeners.discard(listener)
        if not listeners and self._listeners.pop(organization_id, None) is not None:
            self._listened.set()
        if not self._listeners and self._running:
            self._running.cancel()
            self._ending.add(self._running)
            self._running.add_done_callback(self._ending.discard)
            self._running = None

    async def _run(self) -> None:
        """As long as somebody listens."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._stay_connected())
                group.create_task(self._watch_keys())
        except Exception:
            log.exception("live events have stopped")
            self._end(self.listeners, InternalError())

    async def _stay_connected(self) -> None:
        retry_seconds = FIRST_RETRY_SECONDS
        while True:
            began_at = time.monotonic()
            try:
                async with self._redis.pubsub() as pubsub:
                    channels = self._channels()
                    async with asyncio.timeout(CONNECT_SECONDS):
                        await pubsub.subscribe(*channels)
                    async with asyncio.TaskGroup() as group:
                        group.create_task(self._follow(pubsub, channels))
                        group.create_task(self._receive(pubsub))
            except* (RedisError, OSError) as errors:
                if time.monotonic() - began_at > LASTING_SECONDS:
                    retry_seconds = FIRST_RETRY_SECONDS
                if retry_seconds == FIRST_RETRY_SECONDS:
                    log.warning("no live events, Redis is away; trying again", error=repr(errors.exceptions[0]))
            await asyncio.sleep(retry_seconds)
            retry_seconds = min(2 * retry_seconds, LONGEST_RETRY_SECONDS)

    def _channels(self) -> set[str]:
        return {channel(organization_id) for organization_id in self._listeners}

    async def _follow(self, pubsub: PubSub, channels: set[str]) -> None:
        """Ask Redis for more and for less as listeners come and go."""
        while True:
            self._listened.clear()
            wanted = self._channels()
            if new := wanted - channels:
                await pubsub.subscribe(*new)
            if old := channels - wanted:
                await pubsub.unsubscribe(*old)
            channels = wanted
            await self._listened.wait()

    async def _receive(self, pubsub: PubSub) -> None:
        is_asked = False
        while True:
            message = await pubsub.get_message(timeout=self._silence_seconds)
            if message and message["type"] == "message":
                self._deliver(message["channel"].decode(), message["data"])
            elif message is None and is_asked:
                raise RedisConnectionError("It does not answer")
            elif message is None:
                await pubsub.ping()
            is_asked = message is None

    def _deliver(self, channel: str, body: bytes) -> None:
        organization_id = UUID(channel.rpartition(":")[2])
        try:
            events = Events(organization_id, body, Viewpoint(milliseconds(self._clock.now()), self._public_url))
        except Exception:
            # Another version sent it; what comes next may be understood.
            log.exception("a live event was not understood")
            return
        too_slow = [item for item in self._listeners.get(organization_id, ()) if not item.offer(events)]
        self._end(too_slow, SubscriberTooSlow())

    async def _watch_keys(self) -> None:
        """A key that was deleted or has expired hears nothing more."""
        while True:
            await asyncio.sleep(KEYS_SECONDS)
            try:
                keys = {key for item in self.listeners if (key := item.actor.key_id)}
                usable = await usable_keys(keys, self._clock.now())
            except Exception as error:
                log.warning("cannot tell which keys are still good, trying again", error=repr(error))
                continue
            gone = keys - usable
            self._end([item for item in self.listeners if item.actor.key_id in gone], InvalidApiKey())


def _stopping() -> DomainError:
    return ServiceUnavailable("The server is stopping; subscribe again, and read what you may have missed")
