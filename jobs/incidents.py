"""What a transition does to incidents. Called inside the transaction that stores the verdict."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog

from is0k import models
from is0k.jobs.checker import Finding
from is0k.jobs.evidence import Facts, facts_of, outcome_of, what_changed
from is0k.jobs.telling import Change, Transition
from is0k.models.check import read_first_failure, read_last_answer
from is0k.models.last_good import read_last_good
from is0k.models.sql import Row
from is0k.schema.clock import moment
from is0k.schema.enums import IncidentImpact, IncidentOrigin, IncidentStatus
from is0k.schema.scalars import rfc3339

log = structlog.get_logger("is0k.incidents")


async def record_transition(number: int, transition: Transition, finding: Finding) -> Sequence[UUID]:
    """`finding` is the check that settled it. The ids of the incidents opened or resolved."""
    if transition.change is Change.WENT_DOWN:
        return [await open_incident(number, transition, finding)]
    if transition.change is Change.CAME_UP:
        return await resolve_incident(number, transition.at)
    return []


async def open_incident(number: int, transition: Transition, finding: Finding) -> UUID:
    """An index lets a monitor have one open incident: the lock on its state makes sure nobody is faster."""
    monitor = await models.Monitor.get(number=number).only("number", "id", "name", "organization_id")
    incident = await models.Incident.create(
        organization_id=monitor.organization_id,
        title=f"{monitor.name} is down",
        status=IncidentStatus.INVESTIGATING,
        impact=IncidentImpact.MAJOR,
        origin=IncidentOrigin.AUTOMATIC,
        monitor_number=number,
        started_at=moment(transition.at),
        cause=await _cause(number, transition, finding),
    )
    await models.IncidentMonitor.create(incident_id=incident.id, monitor_id=monitor.id)
    return incident.id


async def _cause(number: int, transition: Transition, finding: Finding) -> dict[str, Any]:
    """The evidence is what the first failing check saw: those after it only confirmed it, perhaps of something else."""
    cause: dict[str, Any] = {"reason": transition.reason.value, "message": transition.message}
    first = await read_first_failure(number, transition.at, finding.slot.tick)
    if first is None:  # its slot was taken by another result, and the database kept that
        return cause | {"evidence": facts_of(finding.outcome)}
    evidence, good = facts_of(outcome_of(first)) | {"region": first["region_name"]}, await _last_good(first)
    return cause | {
        "evidence": evidence,
        "lastGood": good,
        "changed": _changed(good["facts"], evidence) if good else None,
    }


def _changed(good: Facts, bad: Facts) -> str | None:
    try:
        return what_changed(good, bad)
    except Exception:
        # A probe has said something of another shape. The incident must be opened all the same.
        log.exception("what changed could not be said")
        return None


async def _last_good(bad: Row) -> dict[str, Any] | None:
    """The last that was answered before, in the same region: another may see another address, and nothing changed."""
    known = await read_last_good(bad["number"], bad["region"])
    last = known and await read_last_answer(bad["number"], bad["region"], known[0], bad["tick"])
    if not known or not last:
        return None
    return {"at": rfc3339(moment(last["tick"] + last["lag_ms"])), "facts": known[1] | facts_of(outcome_of(last))}


async def resolve_incident(number: int, at: int) -> Sequence[UUID]:
    """Only what changes is written: somebody may be acknowledging it this moment."""
    lasting = models.Incident.filter(monitor_number=number, resolved_at=None)
    ids = [row.id for row in await lasting.only("id")]
    await lasting.update(status=IncidentStatus.RESOLVED, resolved_at=moment(at), updated_at=moment(at))
    return ids
