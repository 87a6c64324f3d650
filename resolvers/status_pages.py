"""What people may do with status pages."""

from collections.abc import Iterator
from enum import Enum
from itertools import chain, count
from typing import TypeAlias

import strawberry
import yarl
from strawberry import UNSET
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from is0k import models, schema
from is0k.models.status_page import matching_pages, taken_slugs, to_schema
from is0k.resolvers.components import component_faults, named_by, save_components
from is0k.resolvers.context import Context
from is0k.resolvers.gates import require_history_days
from is0k.resolvers.operation import operation
from is0k.resolvers.own_rows import locked_row, own_row
from is0k.resolvers.passwords import hash_password
from is0k.schema.enums import Scope, Visibility
from is0k.schema.errors import StatusPageNotFound, Taken, ValidationFailed
from is0k.schema.faults import Fault
from is0k.schema.ids import Prefix
from is0k.schema.page import Page, PageArguments, decode_id_cursor, page_by_id
from is0k.schema.patches import said
from is0k.schema.plans import LIMITS
from is0k.schema.status_page import DEFAULT_HISTORY_DAYS, password_faults
from is0k.schema.status_page_rules import domain_name, numbered, slug_of

PAGE = models.StatusPage, Prefix.STATUS_PAGE, StatusPageNotFound
# However long the number behind it is, the slug still begins with as much of the name.
SHORTENED_SLUG = 50

Given: TypeAlias = schema.CreateStatusPageInput | schema.UpdateStatusPageInput


@operation(Scope.READ)
async def get_status_page(ctx: Context, id: strawberry.ID) -> schema.StatusPage:
    """One status page."""
    page = await own_row(ctx, *PAGE, id)
    [shown] = await to_schema([page], ctx.services.public_url)
    return shown


@operation(Scope.READ)
async def list_status_pages(
    ctx: Context, filter: schema.StatusPageFilter, page: PageArguments
) -> Page[schema.StatusPage]:
    """Status pages, newest first."""
    matching = matching_pages(ctx.organization_id, filter)
    before = decode_id_cursor(page.cursor, Prefix.STATUS_PAGE) if page.cursor else None
    older = matching.filter(id__lt=before) if before else matching
    rows = await older.order_by("-id").limit(page.limit + 1)
    return page_by_id(await to_schema(rows, ctx.services.public_url), page.limit, matching.count)


@operation(Scope.WRITE)
async def create_status_page(ctx: Context, input: schema.CreateStatusPageInput) -> schema.StatusPage:
    """Show the public how some monitors are."""
    password_hash = await hash_password(input.password) if input.password else None
    for _ in count():
        page = models.StatusPage(organization_id=ctx.organization_id, password_hash=password_hash)
        _apply(ctx, page, input)
        if not input.slug:
            page.slug = await _free_slug(slug_of(page.name))
        try:
            async with in_transaction():
                await _save(ctx, page, input)
            break
        except IntegrityError as error:
            taken = _taken(page, error)
            # Somebody was faster with the slug that was made from the name: the next number will do.
            if input.slug or taken.code != "SLUG_TAKEN":
                raise taken from None
    [shown] = await to_schema([page], ctx.services.public_url)
    return shown


@operation(Scope.WRITE)
async def update_status_page(ctx: Context, id: strawberry.ID, input: schema.UpdateStatusPageInput) -> schema.StatusPage:
    """Change a status page: what is present is set, what is absent is kept, null goes back to the default."""
    password_hash = await hash_password(input.password) if input.password else None
    page = None
    try:
        async with in_transaction():
            page = await locked_row(ctx, *PAGE, id)
            if password_hash or input.password is None:
                page.password_hash = password_hash
            _apply(ctx, page, input)
            await _save(ctx, page, input)
    except IntegrityError as error:
        assert page is not None
        raise _taken(page, error) from None
    return await get_status_page(ctx, id)


@operation(Scope.WRITE)
async def delete_status_page(ctx: Context, id: strawberry.ID) -> schema.Deleted:
    """Delete a status page with its components and subscribers. Its monitors stay."""
    async with in_transaction():
        page = await locked_row(ctx, *PAGE, id)
        await page.delete()
    return schema.Deleted(id=id)


def _apply(ctx: Context, page: models.StatusPage, input: Given) -> None:
    """Raises PlanLimitReached."""
    if input.history_days is not UNSET:
        page.history_days = _history_days(ctx, page, input)
    for name, value in said(input, schema.CreateStatusPageInput, "password", "history_days", "components"):
        setattr(page, name, value.value if isinstance(value, Enum) else value)
    page.name = page.name.strip()
    page.custom_domain = domain_name(page.custom_domain) if page.custom_domain else None


async def _save(ctx: Context, page: models.StatusPage, input: Given) -> None:
    """Inside a transaction. Raises ValidationFailed with all that only the whole or the database can tell."""
    components = input.components or []
    named = await named_by(ctx, page.id, components)
    if faults := [*_page_faults(ctx, page, bool(input.password)), *component_faults(components, named)]:
        raise ValidationFailed(faults)
    if page.visibility == Visibility.PUBLIC.value:
        page.password_hash = None
    await page.save()
    if input.components is not UNSET:
        await save_components(page.id, components, named)


def _page_faults(ctx: Context, page: models.StatusPage, has_new_password: bool) -> Iterator[Fault]:
    yield from password_faults(Visibility(page.visibility), has_new_password, bool(page.password_hash))
    if page.custom_domain and page.custom_domain == yarl.URL(ctx.services.public_url).raw_host:
        yield Fault(("custom_domain",), "NOT_ALLOWED", "Is the name of this server itself")


def _history_days(ctx: Context, page: models.StatusPage, input: Given) -> int:
    if input.history_days is None:
        return min(DEFAULT_HISTORY_DAYS, LIMITS[ctx.plan].history_days)
    is_new = isinstance(input, schema.CreateStatusPageInput)
    if is_new or input.history_days != page.history_days:
        require_history_days(ctx, input.history_days)
    return input.history_days


async def _free_slug(slug: str) -> str:
    taken = await taken_slugs(slug[:SHORTENED_SLUG])
    candidates = chain([slug], (numbered(slug, number) for number in count(2)))
    return next(free for free in candidates if free not in taken)


def _taken(page: models.StatusPage, error: IntegrityError) -> Taken:
    """Which of the two unique columns the database speaks of: it names the column in its message."""
    if "custom_domain" in str(error):
        return Taken("custom_domain", value=page.custom_domain or "")
    if "slug" in str(error):
        return Taken("slug", value=page.slug)
    raise error
