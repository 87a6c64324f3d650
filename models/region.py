"""Regions: where checks are made. A region appears when its first worker starts."""

from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from is0k.models.sql import execute, fetch


class Region(Model):
    number = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=50, unique=True)
    last_seen_at: int | None = fields.BigIntField(null=True)  # ms since the epoch, when a worker last spoke up
    version = fields.CharField(max_length=50, null=True)
    lag_ms: int | None = fields.IntField(null=True)  # how late its checks began lately, at worst
    is_blind = fields.BooleanField(
        default=False, db_default=False
    )  # one of its workers cannot tell its own trouble from its targets'
    self_checked_at: int | None = fields.BigIntField(null=True)  # when a check of itself last went all the way

    class Meta:
        table = "region"


async def touch_region(number: int, now: int, version: str) -> None:
    """One of the region's workers speaks up."""
    await execute("UPDATE region SET last_seen_at = $1, version = $2 WHERE number = $3", now, version, number)


async def count_by_regions(organization_id: UUID) -> list[tuple[list[str], int]]:
    """How many of an organization's monitors name exactly these regions."""
    rows = await fetch(
        "SELECT s.regions, count(*) AS n FROM monitor m JOIN monitor_state s ON s.number = m.number "
        "WHERE m.organization_id = $1 GROUP BY s.regions",
        organization_id,
    )
    return [(row["regions"].split(), row["n"]) for row in rows]


async def region_number(name: str) -> int:
    """The short key of a region, made on first sight."""
    await execute("INSERT INTO region (name) VALUES ($1) ON CONFLICT DO NOTHING", name)
    rows = await fetch("SELECT number FROM region WHERE name = $1", name)
    return int(rows[0]["number"])
