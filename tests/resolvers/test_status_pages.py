from dataclasses import replace
from typing import Any

import pytest
from argon2 import PasswordHasher

from is0k import models, schema
from is0k.resolvers.context import Context, Services
from is0k.resolvers.status_pages import delete_status_page, get_status_page, update_status_page
from is0k.schema.coercion import read
from is0k.schema.enums import Plan, Theme, Visibility
from is0k.schema.errors import DomainError, PlanLimitReached, StatusPageNotFound, Taken
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_monitor, new_status_page

pytestmark = pytest.mark.anyio

SECRET = "correct horse"


async def edit(ctx: Context, page: schema.StatusPage, **fields: Any) -> schema.StatusPage:
    return await update_status_page(ctx, page.id, read(schema.UpdateStatusPageInput, fields))


async def refused(ctx: Context, page: schema.StatusPage | None = None, **fields: Any) -> list[str]:
    """The code of each fault, with its field."""
    with pytest.raises(DomainError) as told:
        await (edit(ctx, page, **fields) if page else new_status_page(ctx, **fields))
    return [f"{' '.join(fault.field)} {fault.code}" for fault in told.value.faults]


def on_plan(ctx: Context, plan: Plan) -> Context:
    assert ctx.actor is not None
    return replace(ctx, actor=replace(ctx.actor, plan=plan))


async def hash_of(page: schema.StatusPage) -> str | None:
    return (await models.StatusPage.get(slug=page.slug)).password_hash


async def test_a_page_that_is_only_named_has_all_the_defaults(ctx: Context) -> None:
    page = await new_status_page(ctx, name="  Shop status ")

    assert page == schema.StatusPage(
        id=page.id,
        name="Shop status",
        slug="shop-status",
        custom_domain=None,
        description=None,
        visibility=Visibility.PUBLIC,
        theme=Theme.SYSTEM,
        logo_url=None,
        locale="en",
        timezone="UTC",
        history_days=90,
        components=[],
        subscriber_count=0,
        url="http://127.0.0.1:8000/status/shop-status",
        created_at=page.created_at,
        updated_at=page.updated_at,
    )
    assert page == await get_status_page(ctx, page.id)


async def test_its_address_is_on_this_server_or_on_its_own_domain(ctx: Context) -> None:
    there = replace(ctx, services=Services(public_url="https://is0k.example"))

    assert (await new_status_page(there, slug="shop")).url == "https://is0k.example/status/shop"
    page = await new_status_page(there, customDomain="Status.Bücher.example")
    assert (page.custom_domain, page.url) == ("status.xn--bcher-kva.example", "https://status.xn--bcher-kva.example")
    assert (await edit(there, page, customDomain=None)).url == "https://is0k.example/status/shop-status"


async def test_our_own_host_name_is_no_custom_domain(ctx: Context) -> None:
    there = replace(ctx, services=Services(public_url="https://is0k.example:8443/"))

    assert await refused(there, customDomain="IS0K.example") == ["customDomain NOT_ALLOWED"]
    assert not await models.StatusPage.exists()


async def test_a_slug_made_from_the_name_gets_a_number_when_it_is_taken(ctx: Context, stranger: Context) -> None:
    await new_status_page(stranger, slug="shop-status-3")

    slugs = [(await new_status_page(who)).slug for who in (ctx, stranger, ctx)]

    assert slugs == ["shop-status", "shop-status-2", "shop-status-4"]


async def test_a_long_name_leaves_room_for_the_number(ctx: Context) -> None:
    slugs = [(await new_status_page(ctx, name="x" * 100)).slug for _ in range(3)]

    assert slugs == ["x" * 60, "x" * 58 + "-2", "x" * 58 + "-3"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"slug": "shop"}, "SLUG_TAKEN"), ({"customDomain": "STATUS.shop.example"}, "CUSTOM_DOMAIN_TAKEN")],
)
async def test_slug_and_domain_are_one_page_of_the_whole_server(
    ctx: Context, stranger: Context, fields: dict[str, Any], code: str
) -> None:
    await new_status_page(stranger, slug="shop", customDomain="status.shop.example")
    ours = await new_status_page(ctx, name="Ours")
    [field] = fields

    with pytest.raises(Taken) as told:
        await new_status_page(ctx, **fields)
    assert (told.value.code, told.value.http_status) == (code, 409)
    assert await refused(ctx, ours, **fields, name="Blog") == [f"{field} {code}"]
    assert await get_status_page(ctx, ours.id) == ours
    assert await models.StatusPage.all().count() == 2


async def test_what_is_present_is_set_and_what_is_absent_is_kept(ctx: Context) -> None:
    before = await new_status_page(ctx, description="All of it", theme="dark", components=[{"name": "Web"}])

    after = await edit(ctx, before, name=" Blog ", locale="de")

    assert after == replace(before, name="Blog", locale="de", updated_at=after.updated_at)
    assert after == await get_status_page(ctx, before.id)


async def test_a_null_goes_back_to_the_default(ctx: Context) -> None:
    full = {
        "customDomain": "status.example.com",
        "description": "All",
        "theme": "dark",
        "logoUrl": "https://a.example/l.svg",
        "locale": "de",
        "timezone": "Europe/Berlin",
        "historyDays": 30,
        "components": [{"name": "Web"}],
    }
    plain = await new_status_page(ctx)
    page = await new_status_page(ctx, **full)

    after = await edit(ctx, page, **dict.fromkeys([*full, "visibility"]))

    assert after == replace(
        plain, id=page.id, slug=page.slug, url=after.url, created_at=page.created_at, updated_at=after.updated_at
    )


async def test_a_password_is_hashed_and_never_shown(ctx: Context) -> None:
    page = await new_status_page(ctx, visibility="password", password=SECRET)

    stored = await hash_of(page)
    assert stored is not None
    assert stored.startswith("$argon2id$")
    assert PasswordHasher().verify(stored, SECRET)
    assert SECRET not in repr(page)
    assert stored not in repr(page)


async def test_a_password_is_kept_until_another_is_given(ctx: Context) -> None:
    page = await new_status_page(ctx, visibility="password", password=SECRET)
    first = await hash_of(page)

    await edit(ctx, page, name="Blog")
    assert await hash_of(page) == first
    await edit(ctx, page, visibility="password")
    assert await hash_of(page) == first
    await edit(ctx, page, password="another horse")
    assert PasswordHasher().verify(await hash_of(page) or "", "another horse")


async def test_a_page_that_becomes_public_forgets_its_password(ctx: Context) -> None:
    page = await new_status_page(ctx, visibility="password", password=SECRET)

    assert (await edit(ctx, page, visibility="public")).visibility is Visibility.PUBLIC

    assert await hash_of(page) is None
    assert await refused(ctx, page, visibility="password") == ["password REQUIRED"]


async def test_the_password_of_a_page_that_has_one_cannot_be_cleared(ctx: Context) -> None:
    page = await new_status_page(ctx, visibility="password", password=SECRET)

    assert await refused(ctx, page, password=None, name="Blog") == ["password REQUIRED"]

    assert await hash_of(page) is not None
    assert await get_status_page(ctx, page.id) == page


async def test_the_page_and_its_components_are_judged_together(ctx: Context) -> None:
    page = await new_status_page(ctx)
    wrong = {"visibility": "password", "customDomain": "is0k.example", "components": [{"name": "a", "id": "cmp_x"}]}
    there = replace(ctx, services=Services(public_url="https://is0k.example"))

    told = await refused(there, page, **wrong)

    assert told == ["password REQUIRED", "customDomain NOT_ALLOWED", "components 0 id COMPONENT_NOT_FOUND"]
    assert await get_status_page(ctx, page.id) == page


async def test_a_public_page_takes_no_password(ctx: Context) -> None:
    page = await new_status_page(ctx)

    assert await refused(ctx, page, password=SECRET) == ["password NOT_ALLOWED"]
    assert await hash_of(page) is None


async def test_history_is_what_the_plan_keeps(ctx: Context) -> None:
    free = on_plan(ctx, Plan.FREE)
    page = await new_status_page(free)
    assert page.history_days == 30

    with pytest.raises(PlanLimitReached) as told:
        await edit(free, page, historyDays=31)
    assert told.value.message == "The Free plan keeps 30 days of history; the Hobby plan allows more"
    with pytest.raises(PlanLimitReached) as told:
        await new_status_page(free, historyDays=731)
    assert told.value.message == "The Free plan keeps 30 days of history; the Enterprise plan allows more"
    assert (await edit(free, page, historyDays=30)).history_days == 30
    with pytest.raises(PlanLimitReached):
        await new_status_page(free, historyDays=90)
    assert await models.StatusPage.all().count() == 1


async def test_history_of_a_better_plan_may_be_written_back_on_a_smaller_one(ctx: Context) -> None:
    page = await new_status_page(ctx, historyDays=1095)
    free = on_plan(ctx, Plan.FREE)

    assert (await edit(free, page, historyDays=1095, name="Blog")).history_days == 1095
    with pytest.raises(PlanLimitReached):
        await edit(free, page, historyDays=1094)
    assert (await edit(free, page, historyDays=None)).history_days == 30


async def test_subscribers_are_counted_once_they_have_confirmed(ctx: Context, clock: FakeClock) -> None:
    page, other = await new_status_page(ctx), await new_status_page(ctx)
    row = await models.StatusPage.get(slug=page.slug)
    for address, at in (("a@example.com", clock.now()), ("b@example.com", clock.now()), ("c@example.com", None)):
        await models.Subscriber.create(page_id=row.id, kind="email", address=address, confirmed_at=at)

    assert (await get_status_page(ctx, page.id)).subscriber_count == 2
    assert (await get_status_page(ctx, other.id)).subscriber_count == 0


async def test_a_deleted_page_takes_along_all_that_was_its_own(ctx: Context) -> None:
    monitor = await new_monitor(ctx)
    components = [{"name": "Web", "monitorIds": [monitor.id]}]
    page, other = [await new_status_page(ctx, components=components) for _ in range(2)]
    row = await models.StatusPage.get(slug=page.slug)
    await models.Subscriber.create(page_id=row.id, kind="email", address="a@example.com")

    assert await delete_status_page(ctx, page.id) == schema.Deleted(id=page.id)

    with pytest.raises(StatusPageNotFound):
        await get_status_page(ctx, page.id)
    with pytest.raises(StatusPageNotFound):
        await delete_status_page(ctx, page.id)
    assert await get_status_page(ctx, other.id) == other
    left = [models.StatusPage, models.Component, models.ComponentMonitor, models.Subscriber, models.Monitor]
    assert [await table.all().count() for table in left] == [1, 1, 1, 0, 1]
