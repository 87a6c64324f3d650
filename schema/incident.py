"""An incident: something is wrong, since when, and what is being said about it."""

from datetime import datetime

import strawberry

from is0k.schema.enums import IncidentImpact, IncidentOrigin, IncidentStatus, Reason


@strawberry.type(description="Why is0k opened the incident.")
class IncidentCause:
    reason: Reason
    message: str | None
    evidence: strawberry.scalars.JSON | None


@strawberry.type
class Incident:
    id: strawberry.ID
    title: str
    status: IncidentStatus
    impact: IncidentImpact
    origin: IncidentOrigin
    monitor_ids: list[strawberry.ID]
    started_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    duration_seconds: float | None = strawberry.field(description="Null while it lasts.")
    cause: IncidentCause | None
    created_at: datetime
    updated_at: datetime
