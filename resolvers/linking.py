"""Ids inside inputs: what a noun refers to must be there, and must be the caller's."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import strawberry

from is0k.models.ownership import Table, keep_own
from is0k.resolvers.context import Context
from is0k.schema.errors import AlertChannelNotFound, MonitorNotFound, NotFound, StatusPageNotFound
from is0k.schema.faults import Fault
from is0k.schema.ids import Prefix, decode


class Kind(NamedTuple):
    table: Table
    prefix: Prefix
    not_found: type[NotFound]


MONITORS = Kind("monitor", Prefix.MONITOR, MonitorNotFound)
ALERT_CHANNELS = Kind("alert_channel", Prefix.ALERT_CHANNEL, AlertChannelNotFound)
STATUS_PAGES = Kind("status_page", Prefix.STATUS_PAGE, StatusPageNotFound)


async def linked(ctx: Context, kind: Kind, field: str, ids: Sequence[strawberry.ID]) -> tuple[list[UUID], list[Fault]]:
    """What `ids` stand for, and a fault for each that stands for nothing of the caller's."""
    uuids = [decode(kind.prefix, id) for id in ids]
    own = await keep_own(kind.table, ctx.organization_id, [uuid for uuid in uuids if uuid])
    faults = [
        Fault((field, place), kind.not_found.code, kind.not_found(id).message)
        for place, (id, uuid) in enumerate(zip(ids, uuids, strict=True))
        if uuid not in own
    ]
    return [uuid for uuid in uuids if uuid in own], faults
