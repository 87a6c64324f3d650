"""An incident: something is wrong, since when, and what is being said about it."""

from collections.abc import Iterator
from datetime import datetime

import strawberry
from strawberry import UNSET

from is0k.schema.enums import IncidentImpact, IncidentOrigin, IncidentStatus, Reason
from is0k.schema.faults import Fault
from is0k.schema.node import Node
from is0k.schema.rules import Each, Text, anything, rule

TITLE = Text(1, 200)
MESSAGE = Text(1, 10_000, is_line=False)
MONITORS = Each(anything, 100)
STATUS_PAGES = Each(anything, 20)


@strawberry.type(description="The last check before the incident that was answered, in the same region.")
class LastGood:
    at: datetime
    facts: strawberry.scalars.JSON = strawberry.field(description="What it saw, in the names of the evidence.")


@strawberry.type(description="Why is0k opened the incident.")
class IncidentCause:
    reason: Reason
    message: str | None
    evidence: strawberry.scalars.JSON | None = strawberry.field(
        description="What the first failing check saw: statusCode, latencyMs, timings, region, reason, message; and as "
        "far as it came remoteAddress, addresses, tls, finalUrl, redirects, headers, bodyExcerpt, answers, "
        "packetLossPercent, assertions."
    )
    last_good: LastGood | None = strawberry.field(default=None, description="Null if it was never good there.")
    changed: str | None = strawberry.field(
        default=None, description="What is different between the two, in a sentence or two; null if nothing telling is."
    )


@strawberry.type(description="One thing that was said about an incident.")
class IncidentUpdate:
    id: strawberry.ID
    status: IncidentStatus = strawberry.field(description="Where the incident stood from then on.")
    message: str = strawberry.field(description="Markdown, as it was typed.")
    created_at: datetime


@strawberry.type
class Incident(Node):
    title: str
    status: IncidentStatus
    impact: IncidentImpact
    origin: IncidentOrigin
    monitor_ids: list[strawberry.ID]
    status_page_ids: list[strawberry.ID]
    started_at: datetime
    acknowledged_at: datetime | None = strawberry.field(description="When a person first spoke of it.")
    acknowledged_by: str | None = strawberry.field(description="The name of that person's API key.")
    resolved_at: datetime | None
    duration_seconds: float | None = strawberry.field(description="Null while it lasts.")
    cause: IncidentCause | None
    updates: list[IncidentUpdate] = strawberry.field(description="Newest first.")
    created_at: datetime
    updated_at: datetime


@strawberry.input
class CreateIncidentInput:
    title: str = strawberry.field(metadata=rule(TITLE))
    status: IncidentStatus = IncidentStatus.INVESTIGATING
    impact: IncidentImpact = IncidentImpact.MINOR
    monitor_ids: list[strawberry.ID] = strawberry.field(default_factory=list, metadata=rule(MONITORS))
    status_page_ids: list[strawberry.ID] = strawberry.field(default_factory=list, metadata=rule(STATUS_PAGES))
    started_at: datetime | None = strawberry.field(default=None, description="Default: now.")
    message: str | None = strawberry.field(
        default=None, description="The first update, in Markdown.", metadata=rule(MESSAGE)
    )


@strawberry.input(description="What is present is set, what is absent is kept, null goes back to the default.")
class UpdateIncidentInput:
    title: str | None = strawberry.field(default=UNSET, metadata=rule(TITLE))
    status: IncidentStatus | None = strawberry.field(
        default=UNSET,
        description="What is resolved is reopened by an incident update only. An automatic incident is resolved by the "
        "checks; by hand only while its monitor is paused.",
    )
    impact: IncidentImpact | None = UNSET
    monitor_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="An automatic incident keeps its own monitor.", metadata=rule(MONITORS)
    )
    status_page_ids: list[strawberry.ID] | None = strawberry.field(default=UNSET, metadata=rule(STATUS_PAGES))
    started_at: datetime | None = strawberry.field(default=UNSET, description="Not of an automatic incident.")

    def faults(self) -> Iterator[Fault]:
        for name in ("title", "status", "started_at"):
            if getattr(self, name) is None:
                yield Fault((name,), "REQUIRED", "Must not be null")


@strawberry.input
class CreateIncidentUpdateInput:
    message: str = strawberry.field(description="Markdown.", metadata=rule(MESSAGE))
    status: IncidentStatus | None = strawberry.field(
        default=None,
        description="Where the incident stands now. Default: where it stood. What a person opened is reopened by this. "
        "An automatic incident is not, and the checks resolve it; by hand only while its monitor is paused.",
    )


@strawberry.input
class IncidentFilter:
    status: IncidentStatus | None = None
    origin: IncidentOrigin | None = None
    impact: IncidentImpact | None = None
    monitor_id: strawberry.ID | None = None
    status_page_id: strawberry.ID | None = None
    from_: datetime | None = strawberry.field(default=None, name="from", description="Began at or after.")
    to: datetime | None = strawberry.field(default=None, description="Began before.")
    open: bool | None = strawberry.field(default=None, description="Whether it lasts.")
    q: str | None = strawberry.field(
        default=None, description="Part of the title, in any letter case.", metadata=rule(Text(1, 200))
    )
