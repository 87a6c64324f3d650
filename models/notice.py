"""Notices: what is0k has to say about itself. They are the server's, and every organization may read them."""

from datetime import datetime

from tortoise import fields

from is0k.models.base import Row, word
from is0k.models.sql import execute
from is0k.schema.enums import NoticeKind
from is0k.schema.ids import uuid7


class Notice(Row):
    """A partial unique index lets one of a kind be open for a region at a time, however many workers see the reason."""

    kind: NoticeKind = word(NoticeKind)
    region = fields.CharField(max_length=50)
    message = fields.TextField()
    started_at: datetime = fields.DatetimeField()
    ended_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "notice"


async def open_notice(kind: NoticeKind, region: str, message: str, now: datetime) -> bool:
    """Whether it was opened; one that is open already stays as it is."""
    opened = await execute(
        "INSERT INTO notice (id, created_at, updated_at, kind, region, message, started_at) "
        "VALUES ($1, $5, $5, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        uuid7(),
        kind.value,
        region,
        message,
        now,
    )
    return bool(opened)


async def close_notice(kind: NoticeKind, region: str, now: datetime) -> bool:
    """Whether there was one to close."""
    return bool(await Notice.filter(kind=kind, region=region, ended_at=None).update(ended_at=now, updated_at=now))
