"""Notices: what is0k has to say about itself. They are the server's, and every organization may read them."""

from datetime import datetime

from tortoise import fields

from is0k import schema
from is0k.models.base import Row, word
from is0k.models.organization import public_id
from is0k.models.sql import fetch
from is0k.schema.enums import NoticeKind
from is0k.schema.ids import Prefix, uuid7


class Notice(Row):
    """A partial unique index lets one of a kind be open for a region at a time, however many workers see the reason."""

    kind: NoticeKind = word(NoticeKind)
    region = fields.CharField(max_length=50)
    message = fields.TextField()
    started_at: datetime = fields.DatetimeField()
    ended_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "notice"

    def to_schema(self) -> schema.Notice:
        return schema.Notice(
            id=public_id(Prefix.NOTICE, self.id),
            kind=self.kind,
            region=self.region,
            message=self.message,
            started_at=self.started_at,
            ended_at=self.ended_at,
        )


async def open_notice(kind: NoticeKind, region: str, message: str, now: datetime) -> bool:
    """Whether it was opened; one that is open already stays as it is."""
    # asyncpg does not say how many rows an INSERT made.
    opened = await fetch(
        "INSERT INTO notice (id, created_at, updated_at, kind, region, message, started_at) "
        "VALUES ($1, $5, $5, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING id",
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


async def regions_with_notice(kind: NoticeKind) -> list[str]:
    """Regions for which a notice of that kind is open."""
    rows = await Notice.filter(kind=kind, ended_at=None).order_by("region")
    return [row.region for row in rows]


async def touch_notice(kind: NoticeKind, region: str, now: datetime) -> None:
    """The reason for it is still there."""
    await Notice.filter(kind=kind, region=region, ended_at=None).update(updated_at=now)


async def close_stale_notice(kind: NoticeKind, region: str, before: datetime, now: datetime) -> None:
    """Close one that nobody has opened or touched since then: whoever did is gone."""
    stale = Notice.filter(kind=kind, region=region, ended_at=None, updated_at__lt=before)
    await stale.update(ended_at=now, updated_at=now)


async def count_open_by_kind() -> dict[NoticeKind, int]:
    """Of every kind, those there are none of included."""
    rows = await fetch("SELECT kind, count(*) AS n FROM notice WHERE ended_at IS NULL GROUP BY kind")
    return dict.fromkeys(NoticeKind, 0) | {NoticeKind(row["kind"]): row["n"] for row in rows}
