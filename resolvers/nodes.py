"""Any noun by its id: the prefix says which verb reads it."""

from typing import Any

import strawberry

from is0k.resolvers.alert_channels import get_alert_channel
from is0k.resolvers.context import Context
from is0k.resolvers.incidents import get_incident
from is0k.resolvers.maintenance_windows import get_maintenance_window
from is0k.resolvers.monitors import get_monitor
from is0k.resolvers.operation import Operation, operation
from is0k.resolvers.status_pages import get_status_page
from is0k.schema.enums import Scope
from is0k.schema.errors import NotFound
from is0k.schema.graphql_errors import NodeNotFound
from is0k.schema.ids import Prefix, prefix_of
from is0k.schema.node import Node

READERS: dict[Prefix, Operation[..., Any]] = {
    Prefix.MONITOR: get_monitor,
    Prefix.ALERT_CHANNEL: get_alert_channel,
    Prefix.INCIDENT: get_incident,
    Prefix.MAINTENANCE_WINDOW: get_maintenance_window,
    Prefix.STATUS_PAGE: get_status_page,
}


@operation(Scope.READ)
async def get_node(ctx: Context, id: strawberry.ID) -> Node:
    """Anything that has an id of its own, by that id."""
    read = READERS.get(prefix) if (prefix := prefix_of(id)) else None
    try:
        found: Node | None = await read(ctx, id) if read else None
    except NotFound:
        found = None
    if found is None:
        raise NodeNotFound(id)
    return found
