"""What holds for every channel, whatever it is."""

from typing import Any

import pytest

from is0k.channels.base import Channels, Message, Reach, Receipt
from is0k.channels.refusal import Refused
from is0k.schema.enums import ChannelType
from is0k.schema.slack_settings import SlackSettings
from is0k.tests.channels.conftest import MESSAGE

pytestmark = pytest.mark.anyio

SETTINGS = SlackSettings(webhook_url="https://hooks.slack.com/services/T00000000")


class Parrot:
    """Repeats what it was told to say; an exception it raises."""

    def __init__(self, says: str | Exception) -> None:
        self.says = says

    async def send(self, settings: Any, message: Message) -> Receipt:
        if isinstance(self.says, Exception):
            raise self.says
        return Receipt(self.says)


async def refused(channels: Channels) -> Refused:
    with pytest.raises(Refused) as refusal:
        await channels.send(ChannelType.SLACK, SETTINGS, MESSAGE)
    return refusal.value


def of(says: str | Exception) -> Channels:
    return Channels({ChannelType.SLACK: Parrot(says)})


async def test_an_answer_comes_back_without_credentials() -> None:
    assert await of("ok /services/T00000000").send(ChannelType.SLACK, SETTINGS, MESSAGE) == Receipt("ok /services/••••")


@pytest.mark.parametrize("permanent", [True, False])
async def test_a_refusal_comes_back_without_credentials(permanent: bool) -> None:
    refusal = await refused(of(Refused("no /services/T00000000", permanent=permanent)))

    assert (refusal.words, refusal.permanent) == ("no /services/••••", permanent)


async def test_what_breaks_inside_is_ours_and_shows_nothing() -> None:
    refusal = await refused(of(RuntimeError("T00000000")))

    assert (refusal.words, refusal.permanent) == ("Sending failed inside is0k; the log says why", False)
    assert refusal.__cause__ is None


async def test_a_type_nobody_has_written_yet_says_so(reach: Reach) -> None:
    refusal = await refused(Channels({}, reach))

    assert (refusal.words, refusal.permanent) == ("This is0k cannot send through slack yet", False)
