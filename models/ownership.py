"""Which of the ids somebody names are theirs: those of others must look like those of nobody."""

from collections.abc import Collection
from typing import Literal
from uuid import UUID

from is0k.models.sql import any_of, fetch, for_key_share

Table = Literal["monitor", "status_page", "alert_channel"]


async def keep_own(table: Table, organization_id: UUID, ids: Collection[UUID]) -> set[UUID]:
    """Those of `ids` that are the organization's. In a transaction they stay there until it ends."""
    if not ids:
        return set()
    own = f"organization_id = $1 AND id {any_of('$2', 'uuid')}"
    rows = await fetch(f"SELECT id FROM {table} WHERE {own} ORDER BY id {for_key_share()}", organization_id, list(ids))
    return {UUID(str(row["id"])) for row in rows}
