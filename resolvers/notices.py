"""Notices: what is0k says about itself. They are the server's, and every organization reads them."""

from tortoise.queryset import QuerySet

from is0k import models, schema
from is0k.resolvers.context import Context
from is0k.resolvers.operation import operation
from is0k.schema.enums import Scope
from is0k.schema.ids import Prefix
from is0k.schema.page import Page, PageArguments, decode_id_cursor, page_by_id


@operation(Scope.READ)
async def list_notices(ctx: Context, filter: schema.NoticeFilter, page: PageArguments) -> Page[schema.Notice]:
    """Notices, newest first."""
    wanted = _matching(filter)
    older = wanted.filter(id__lt=decode_id_cursor(page.cursor, Prefix.NOTICE)) if page.cursor else wanted
    rows = await older.order_by("-id").limit(page.limit + 1)
    return page_by_id([row.to_schema() for row in rows], page.limit, wanted.count)


def _matching(filter: schema.NoticeFilter) -> QuerySet[models.Notice]:
    wanted = models.Notice.all()
    if filter.open is not None:
        wanted = wanted.filter(ended_at__isnull=filter.open)
    return wanted.filter(kind=filter.kind) if filter.kind else wanted
