"""Which alert channels a monitor names."""

from collections.abc import Sequence
from uuid import UUID

import strawberry

from is0k.models.alerting import name_channels, read_channels_of
from is0k.resolvers.context import Context
from is0k.resolvers.linking import ALERT_CHANNELS, linked
from is0k.schema import AlertChannel, Monitor
from is0k.schema.errors import ValidationFailed
from is0k.schema.ids import Prefix, decode


async def set_channels(ctx: Context, monitor_id: UUID, ids: Sequence[strawberry.ID]) -> None:
    """These and no others. Within a transaction; raises ValidationFailed with every id that is not there."""
    wanted, faults = await linked(ctx, ALERT_CHANNELS, "alert_channel_ids", ids)
    if faults:
        raise ValidationFailed(faults)
    await name_channels(monitor_id, wanted)


async def channels_of(ctx: Context, monitors: Sequence[Monitor]) -> list[list[AlertChannel]]:
    """Of each monitor, in one statement for all."""
    wanted = {id: decode(Prefix.ALERT_CHANNEL, id) for monitor in monitors for id in monitor.alert_channel_ids}
    found = await read_channels_of(ctx.organization_id, [uuid for uuid in wanted.values() if uuid])
    shown = {channel.id: channel for channel in found.values()}
    return [[shown[id] for id in monitor.alert_channel_ids if id in shown] for monitor in monitors]
