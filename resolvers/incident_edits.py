"""What an edit may change about an incident, checked as a whole before anything is changed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from strawberry import UNSET

from is0k import models, schema
from is0k.models.incident import set_links
from is0k.resolvers.context import Context
from is0k.resolvers.incident_status import Held, move, own_monitor_id, status_faults
from is0k.resolvers.linking import MONITORS, STATUS_PAGES, Kind, linked
from is0k.schema.enums import IncidentImpact, IncidentStatus
from is0k.schema.errors import ValidationFailed
from is0k.schema.faults import Fault

# Field of the input: what its ids stand for, and where the links are kept.
LINKS: Mapping[str, tuple[Kind, type[models.IncidentMonitor | models.IncidentPage], str]] = {
    "monitor_ids": (MONITORS, models.IncidentMonitor, "monitor_id"),
    "status_page_ids": (STATUS_PAGES, models.IncidentPage, "page_id"),
}
Wanted = Mapping[str, Sequence[UUID]]


async def apply(ctx: Context, held: Held, input: schema.UpdateIncidentInput) -> None:
    """Do to the held incident what `input` says; the caller stores the row. Raises ValidationFailed."""
    now, row = ctx.clock.now(), held.row
    wanted, faults = await wanted_links(ctx, input)
    refuse(
        [*faults, *await _monitor_faults(held, input), *_status_faults(held, input), *_start_faults(held, input, now)]
    )
    if input.title:
        row.title = input.title.strip()
    if input.impact is not UNSET:
        row.impact = input.impact or IncidentImpact.MINOR
    if input.started_at:
        row.started_at = whole_ms(input.started_at)
    if input.status:
        await move(held, input.status, now)
    await store_links(row.id, wanted)


async def wanted_links(
    ctx: Context, input: schema.CreateIncidentInput | schema.UpdateIncidentInput
) -> tuple[Wanted, list[Fault]]:
    """The ids behind each field that is present, and a fault for each that is not the caller's."""
    wanted: dict[str, Sequence[UUID]] = {}
    faults: list[Fault] = []
    for field, (kind, _, _) in LINKS.items():
        ids = getattr(input, field)
        if ids is not UNSET:
            wanted[field], more = await linked(ctx, kind, field, ids or [])
            faults += more
    return wanted, faults


async def store_links(incident_id: UUID, wanted: Wanted) -> None:
    for field, ids in wanted.items():
        _, links, column = LINKS[field]
        await set_links(links, column, incident_id, ids)


def start_faults(started_at: datetime, end: datetime) -> Iterator[Fault]:
    """`end` is when it was resolved, or now."""
    if started_at > end:
        yield Fault(("started_at",), "OUT_OF_RANGE", "Must not be in the future, nor after it was resolved")


def whole_ms(moment: datetime) -> datetime:
    """As precise as it is shown, so that what was read can be written back."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def refuse(faults: Iterable[Fault]) -> None:
    if found := list(faults):
        raise ValidationFailed(found)


async def _monitor_faults(held: Held, input: schema.UpdateIncidentInput) -> list[Fault]:
    if input.monitor_ids is UNSET:
        return []
    own = await own_monitor_id(held)
    if own is None or own in (input.monitor_ids or []):
        return []
    return [Fault(("monitor_ids",), "REQUIRED", f"Must hold {own}, whose checks opened the incident")]


def _status_faults(held: Held, input: schema.UpdateIncidentInput) -> list[Fault]:
    if not input.status:
        return []
    faults = list(status_faults(held, input.status))
    if not faults and not held.is_open and input.status is not IncidentStatus.RESOLVED:
        faults = [Fault(("status",), "RESOLVED", "It is resolved; an update that says what is wrong reopens it")]
    return faults


def _start_faults(held: Held, input: schema.UpdateIncidentInput, now: datetime) -> Iterator[Fault]:
    if not input.started_at:
        return
    if not held.is_automatic:
        yield from start_faults(input.started_at, held.row.resolved_at or now)
    elif whole_ms(input.started_at) != held.row.started_at:
        yield Fault(("started_at",), "IMMUTABLE", "The checks saw when it began")
