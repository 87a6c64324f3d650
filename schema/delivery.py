"""A delivery: one alert for one channel, and how far it has come."""

from datetime import datetime

import strawberry

from is0k.schema.enums import DeliveryStatus


@strawberry.type
class Delivery:
    id: strawberry.ID = strawberry.field(description="A receiver sees it too, the same over all attempts.")
    channel_id: strawberry.ID
    incident_id: strawberry.ID | None = strawberry.field(description="Null for a test.")
    kind: str = strawberry.field(description="What it tells of: the word of an event, or `test`.")
    status: DeliveryStatus
    attempts: int
    next_attempt_at: datetime | None
    response: str | None = strawberry.field(description="What the receiver last said, without credentials.")
    created_at: datetime
    updated_at: datetime


@strawberry.type(description="The newest delivery of an alert channel, in short.")
class LastDelivery:
    status: DeliveryStatus
    at: datetime
    message: str | None


@strawberry.input
class DeliveryFilter:
    channel_id: strawberry.ID | None = None
    incident_id: strawberry.ID | None = None
    status: DeliveryStatus | None = None
