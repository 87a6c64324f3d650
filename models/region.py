"""Regions: where checks are made. A region appears when its first worker starts."""

from collections.abc import Iterable
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from is0k.models.sql import execute, fetch
from is0k.schema.enums import NoticeKind

OPEN = f"n.kind = '{NoticeKind.BLIND.value}' AND n.ended_at IS NULL"


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
    canaries = fields.TextField(null=True)  # those that have answered its workers, with blanks between them

    class Meta:
        table = "region"


async def touch_region(number: int, now: int, version: str, lag_ms: int | None = None) -> None:
    """One of the region's workers speaks up."""
    await execute(
        "UPDATE region SET last_seen_at = $1, version = $2, lag_ms = $3 WHERE number = $4", now, version, lag_ms, number
    )


async def online_regions(since: int) -> list[str]:
    """Regions that have spoken up since then and can tell their own trouble from their targets', by name."""
    rows = await fetch("SELECT name FROM region WHERE last_seen_at >= $1 AND NOT is_blind ORDER BY name", since)
    return [row["name"] for row in rows]


async def silent_regions(since: int) -> dict[str, int]:
    """Regions that have not spoken up since then although monitors that are not paused name them: when they last did.

    One that never had a worker is none: people may name a monitor's regions as they like.
    """
    silent = await fetch("SELECT name, last_seen_at FROM region WHERE last_seen_at < $1", since)
    named = await _named_regions() if silent else set()
    return {row["name"]: row["last_seen_at"] for row in silent if row["name"] in named}


async def _named_regions() -> set[str]:
    rows = await fetch("SELECT DISTINCT regions FROM monitor_state WHERE next_at IS NOT NULL AND regions <> ''")
    return {region for row in rows for region in row["regions"].split()}


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


async def read_canaries(number: int) -> set[str]:
    """The canaries that have answered a worker of the region, ever."""
    rows = await fetch("SELECT canaries FROM region WHERE number = $1", number)
    return set((rows[0]["canaries"] or "").split()) if rows else set()


async def add_canaries(number: int, words: Iterable[str]) -> None:
    known = await read_canaries(number)
    if new := set(words) - known:
        await execute("UPDATE region SET canaries = $1 WHERE number = $2", " ".join(sorted(known | new)), number)


async def settle_blindness(number: int) -> None:
    """A region is blind while a notice says so."""
    told = f"EXISTS (SELECT 1 FROM notice n WHERE {OPEN} AND n.region = region.name)"
    await execute(f"UPDATE region SET is_blind = {told} WHERE number = $1 AND is_blind <> {told}", number)


async def record_self_check(number: int, now: int) -> int | None:
    """Write when a check of ourselves went all the way, and read it back."""
    await execute("UPDATE region SET self_checked_at = $1 WHERE number = $2", now, number)
    rows = await fetch("SELECT self_checked_at FROM region WHERE number = $1", number)
    return rows[0]["self_checked_at"] if rows else None
