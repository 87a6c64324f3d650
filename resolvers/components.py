"""The components of a status page, written as a whole list: changed, made and deleted with it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias
from uuid import UUID

import strawberry
from strawberry import UNSET

from is0k import models, schema
from is0k.models.ownership import keep_own
from is0k.models.status_page import write_components
from is0k.resolvers.context import Context
from is0k.schema.errors import ComponentNotFound, MonitorNotFound, NotFound
from is0k.schema.faults import Fault
from is0k.schema.ids import Prefix, decode
from is0k.schema.patches import said

Given: TypeAlias = schema.CreateComponentInput | schema.UpdateComponentInput


class Named(NamedTuple):
    """Of what a list of components names: what is there."""

    stored: Mapping[UUID, models.Component]
    monitors: Collection[UUID]


async def named_by(ctx: Context, page_id: UUID, given: Sequence[Given]) -> Named:
    """Inside a transaction that has locked the page, and goes on to `save_components`."""
    stored = {row.id: row for row in await models.Component.filter(page_id=page_id)}
    monitors = {uuid for item in given for id in item.monitor_ids or [] if (uuid := decode(Prefix.MONITOR, id))}
    return Named(stored, await keep_own("monitor", ctx.organization_id, monitors))


def component_faults(given: Sequence[Given], named: Named) -> Iterator[Fault]:
    """Every component and every monitor that is not there."""
    for index, item in enumerate(given):
        id = _id_of(item)
        if id is not None and decode(Prefix.COMPONENT, id) not in named.stored:
            yield _missing(ComponentNotFound(id), "components", index, "id")
        for place, monitor in enumerate(item.monitor_ids or []):
            if decode(Prefix.MONITOR, monitor) not in named.monitors:
                yield _missing(MonitorNotFound(monitor), "components", index, "monitor_ids", place)


def _missing(error: NotFound, *path: str | int) -> Fault:
    return Fault(path, error.code, error.message)


async def save_components(page_id: UUID, given: Sequence[Given], named: Named) -> None:
    """In the order of the list; what is not in it is deleted."""
    rows = [_row(item, position, page_id, named.stored) for position, item in enumerate(given)]
    await models.Component.filter(page_id=page_id).exclude(id__in=[row.id for row in rows]).delete()
    await write_components(rows)
    await _save_links(rows, given)


def _id_of(item: Given) -> strawberry.ID | None:
    return item.id if isinstance(item, schema.UpdateComponentInput) else None


def _row(item: Given, position: int, page_id: UUID, stored: Mapping[UUID, models.Component]) -> models.Component:
    id = _id_of(item)
    uuid = None if id is None else decode(Prefix.COMPONENT, id)
    row = stored[uuid] if uuid else models.Component(page_id=page_id)
    for name, value in said(item, schema.CreateComponentInput, "id", "monitor_ids"):
        setattr(row, name, value)
    row.name, row.position = row.name.strip(), position
    return row


async def _save_links(rows: Sequence[models.Component], given: Sequence[Given]) -> None:
    """Of those components whose monitors are spoken of."""
    pairs = zip(rows, given, strict=True)
    spoken_of = {row.id: item.monitor_ids or [] for row, item in pairs if item.monitor_ids is not UNSET}
    await models.ComponentMonitor.filter(component_id__in=list(spoken_of)).delete()
    links = [
        models.ComponentMonitor(component_id=component, monitor_id=decode(Prefix.MONITOR, id))
        for component, ids in spoken_of.items()
        for id in ids
    ]
    await models.ComponentMonitor.bulk_create(links)
