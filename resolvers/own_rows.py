"""Rows of the caller's organization, by the ids people know them by. Those of others are as if they were not there."""

from typing import Any, TypeVar

import strawberry

from is0k import models
from is0k.models.base import OwnedRow
from is0k.resolvers.context import Context
from is0k.schema.errors import NotFound
from is0k.schema.ids import Prefix, decode

# A monitor's row has a shorter key than the others, and is otherwise like them.
R = TypeVar("R", bound=OwnedRow | models.Monitor)


async def own_row(ctx: Context, table: type[R], prefix: Prefix, missing: type[NotFound], id: strawberry.ID) -> R:
    """Raises `missing`."""
    row: R | None = await _one(table.of(ctx.organization_id), prefix, id)
    if row is None:
        raise missing(id)
    return row


async def locked_row(ctx: Context, table: type[R], prefix: Prefix, missing: type[NotFound], id: strawberry.ID) -> R:
    """The row, locked until the transaction ends: two edits at once are one after the other.

    Raises `missing`, and PreconditionFailed when it is not in the state the caller means.
    """
    row: R | None = await _one(table.of(ctx.organization_id).select_for_update(no_key=True), prefix, id)
    if row is None:
        raise missing(id)
    ctx.require_unchanged(row.updated_at)
    return row


async def _one(rows: Any, prefix: Prefix, id: strawberry.ID) -> Any:
    uuid = decode(prefix, id)
    return await rows.get_or_none(id=uuid) if uuid else None
