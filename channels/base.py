"""What every channel shares: what it is to tell, what it answers, and how it reaches the world.

A channel file only builds the message and names the permanent errors of its provider.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import structlog

from is0k.channels.http import Http
from is0k.channels.mail_server import MailServer
from is0k.channels.refusal import Refused
from is0k.channels.words import shown
from is0k.schema.clock import Clock, SystemClock
from is0k.schema.enums import ChannelType

log = structlog.get_logger("is0k.channels")


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be told, for people and for programs; each channel takes what it can show.

    `id` is the delivery's and stays the same over all attempts; `event` is a word such as `channel.test`; `facts` are
    labelled lines; `link` leads to the dashboard; `data` goes to programs as it is.
    """

    id: str
    event: str
    at: datetime
    title: str
    text: str
    facts: Sequence[tuple[str, str]] = ()
    link: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receiver has taken the message; `words` are its answer."""

    words: str


@dataclass(frozen=True, slots=True)
class Reach:
    """The ways out of this process, made once for all its channels. `mail` is None where no mail server is set."""

    http: Http
    mail: MailServer | None = None
    clock: Clock = field(default_factory=SystemClock)

    async def close(self) -> None:
        await self.http.close()


class Channel(Protocol):
    """Tells one kind of place. Made once for a process, used for all channels of the type."""

    def __init__(self, reach: Reach) -> None: ...

    async def send(self, settings: Any, message: Message) -> Receipt:
        """Once, within the time limit. Raises Refused when the message has not been taken."""
        ...


class Channels:
    """All the channels of a process, and the ways out they share."""

    def __init__(self, channels: Mapping[ChannelType, Channel] | None = None, reach: Reach | None = None) -> None:
        self._channels, self._reach = channels or {}, reach

    async def send(self, type: ChannelType, settings: Any, message: Message) -> Receipt:
        """Raises Refused. Neither its words nor the receipt's hold a credential of `settings`."""
        channel = self._channels.get(type)
        if channel is None:
            raise Refused(f"This is0k cannot send through {type.value} yet")
        try:
            receipt = await channel.send(settings, message)
        except Refused as refused:
            raise Refused(shown(refused.words, settings), permanent=refused.permanent) from None
        except Exception:
            log.exception("a channel failed", type=type.value, delivery=message.id)
            raise Refused("Sending failed inside is0k; the log says why") from None
        return Receipt(shown(receipt.words, settings))

    async def close(self) -> None:
        if self._reach:
            await self._reach.close()
