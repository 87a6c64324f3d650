"""A notice: what is0k has to say about itself. All organizations of a server read the same."""

from datetime import datetime

import strawberry

from is0k.schema.enums import NoticeKind


@strawberry.type
class Notice:
    id: strawberry.ID
    kind: NoticeKind
    region: str
    message: str
    started_at: datetime
    ended_at: datetime | None = strawberry.field(description="Null while it lasts.")


@strawberry.input
class NoticeFilter:
    open: bool | None = strawberry.field(default=None, description="Whether it lasts.")
    kind: NoticeKind | None = None
