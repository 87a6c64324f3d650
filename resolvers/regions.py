"""Where checks are made from. All organizations of a server share its regions."""

from datetime import timedelta

from is0k import models, schema
from is0k.models.region import count_by_regions
from is0k.resolvers.context import Context
from is0k.resolvers.operation import operation
from is0k.schema.clock import moment
from is0k.schema.enums import Scope

# Six times as long as a worker is silent between two signs of life.
LONGEST_SILENCE = timedelta(seconds=60)


@operation(Scope.READ)
async def list_regions(ctx: Context) -> list[schema.Region]:
    """Regions, by name."""
    groups, now = await count_by_regions(ctx.organization_id), ctx.clock.now()
    regions = []
    for row in await models.Region.all().order_by("name"):
        seen_at = None if row.last_seen_at is None else moment(row.last_seen_at)
        region = schema.Region(
            name=row.name,
            is_online=seen_at is not None and now - seen_at <= LONGEST_SILENCE,
            last_seen_at=seen_at,
            version=row.version,
            lag_ms=row.lag_ms,
            is_blind=row.is_blind,
            # Whose worker is first checks a monitor that names none: see slots_by_region in jobs/scheduler.py.
            monitor_count=sum(count for names, count in groups if row.name in names or not names),
        )
        regions.append(region)
    return regions
