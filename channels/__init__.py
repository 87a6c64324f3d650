"""One file for each type of alert channel, and the registry that knows them."""

from is0k.channels.base import Channel, Channels, Reach
from is0k.channels.email import EmailChannel
from is0k.channels.webhook import WebhookChannel
from is0k.schema.enums import ChannelType

CHANNELS: dict[ChannelType, type[Channel]] = {
    ChannelType.EMAIL: EmailChannel,
    ChannelType.WEBHOOK: WebhookChannel,
}


def make_channels(reach: Reach) -> Channels:
    """One of each type for a whole process."""
    return Channels({type: channel(reach) for type, channel in CHANNELS.items()}, reach)
