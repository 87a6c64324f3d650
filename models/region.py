"""Regions: where checks are made. A region appears when its first worker starts."""

from tortoise import fields
from tortoise.models import Model

from is0k.models.sql import execute, fetch


class Region(Model):
    number = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=50, unique=True)
    last_seen_at: int | None = fields.BigIntField(null=True)  # ms since the epoch, when a worker last spoke up
    version = fields.CharField(max_length=50, null=True)

    class Meta:
        table = "region"


async def region_number(name: str) -> int:
    """The short key of a region, made on first sight."""
    await execute("INSERT INTO region (name) VALUES ($1) ON CONFLICT DO NOTHING", name)
    rows = await fetch("SELECT number FROM region WHERE name = $1", name)
    return int(rows[0]["number"])
