"""Status pages, their components and who has subscribed to them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.fields.relational import ForeignKeyRelation
from tortoise.functions import Count, Lower
from tortoise.queryset import QuerySet

from is0k import schema
from is0k.models.base import OwnedRow, Row
from is0k.models.incident import Incident
from is0k.models.organization import public_id
from is0k.schema.enums import Theme, Visibility
from is0k.schema.ids import Prefix


class StatusPage(OwnedRow):
    name = fields.CharField(max_length=100)
    slug = fields.CharField(max_length=100, unique=True)
    custom_domain = fields.CharField(max_length=253, null=True, unique=True)
    description = fields.TextField(null=True)
    visibility = fields.CharField(max_length=20, default="public")
    password_hash = fields.CharField(max_length=200, null=True)
    theme = fields.CharField(max_length=20, default="system")
    logo_url = fields.CharField(max_length=2048, null=True)
    locale = fields.CharField(max_length=20, default="en")
    timezone = fields.CharField(max_length=50, default="UTC")
    history_days = fields.IntField(default=90)

    class Meta:
        table = "status_page"
        indexes = (("organization_id", "id"),)


class Component(Row):
    page: ForeignKeyRelation[StatusPage] = fields.ForeignKeyField("models.StatusPage")
    name = fields.CharField(max_length=100)
    description = fields.TextField(null=True)
    group = fields.CharField(max_length=100, null=True, source_field="group_name")
    page_id: UUID
    position = fields.IntField(default=0)
    show_latency = fields.BooleanField(default=False)

    class Meta:
        table = "component"
        indexes = (("page_id", "position"),)


class ComponentMonitor(Row):
    component: ForeignKeyRelation[Component] = fields.ForeignKeyField("models.Component")
    monitor: ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Monitor", to_field="id")
    component_id: UUID
    monitor_id: UUID

    class Meta:
        table = "component_monitor"
        unique_together = (("component_id", "monitor_id"),)
        indexes = (("monitor_id", "component_id"),)


class Subscriber(Row):
    """Somebody who wants to be told what a page says, once the address is confirmed."""

    page: ForeignKeyRelation[StatusPage] = fields.ForeignKeyField("models.StatusPage")
    page_id: UUID
    kind = fields.CharField(max_length=20)  # email, webhook
    address = fields.CharField(max_length=500)
    confirmed_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "subscriber"
        unique_together = (("page_id", "kind", "address"),)


class IncidentPage(Row):
    """Which pages an incident is shown on."""

    incident: ForeignKeyRelation[Incident] = fields.ForeignKeyField("models.Incident")
    page: ForeignKeyRelation[StatusPage] = fields.ForeignKeyField("models.StatusPage")
    incident_id: UUID
    page_id: UUID

    class Meta:
        table = "incident_page"
        unique_together = (("incident_id", "page_id"),)
        indexes = (("page_id", "incident_id"),)


def matching_pages(organization_id: UUID, filter: schema.StatusPageFilter) -> QuerySet[StatusPage]:
    found = StatusPage.of(organization_id)
    if filter.q:
        found = found.annotate(lower_name=Lower("name")).filter(lower_name__contains=filter.q.lower())
    return found


async def taken_slugs(slug: str) -> set[str]:
    """Those on the whole server that begin with this one."""
    return set(await StatusPage.filter(slug__startswith=slug).values_list("slug", flat=True))  # type: ignore[arg-type]


async def to_schema(pages: Sequence[StatusPage], public_url: str) -> list[schema.StatusPage]:
    """Three statements for the components, however many pages."""
    ids = [page.id for page in pages]
    components = await _components_of(ids)
    counted = Subscriber.filter(page_id__in=ids, confirmed_at__isnull=False).annotate(number=Count("id"))
    subscribers = dict(await counted.group_by("page_id").values_list("page_id", "number"))
    return [_to_schema(page, components[page.id], subscribers.get(page.id, 0), public_url) for page in pages]


async def _components_of(page_ids: list[UUID]) -> Mapping[UUID, list[schema.Component]]:
    rows = await Component.filter(page_id__in=page_ids).order_by("position", "id")
    links = await ComponentMonitor.filter(component__page_id__in=page_ids).order_by("id")
    monitor_ids: dict[UUID, list[Any]] = defaultdict(list)
    for link in links:
        monitor_ids[link.component_id].append(public_id(Prefix.MONITOR, link.monitor_id))
    found: dict[UUID, list[schema.Component]] = defaultdict(list)
    for row in rows:
        found[row.page_id].append(_to_component(row, monitor_ids[row.id]))
    return found


async def write_components(rows: Sequence[Component]) -> None:
    """Those that are new are made, the others changed: one statement, however many."""
    # Tortoise takes the names of columns here.
    columns = ["name", "description", "group_name", "position", "show_latency", "updated_at"]
    await Component.bulk_create(rows, on_conflict=["id"], update_fields=columns)


def _to_component(row: Component, monitor_ids: list[Any]) -> schema.Component:
    return schema.Component(
        id=public_id(Prefix.COMPONENT, row.id),
        name=row.name,
        description=row.description,
        group=row.group,
        position=row.position,
        monitor_ids=monitor_ids,
        show_latency=row.show_latency,
    )


def _to_schema(
    row: StatusPage, components: list[schema.Component], subscribers: int, public_url: str
) -> schema.StatusPage:
    return schema.StatusPage(
        id=public_id(Prefix.STATUS_PAGE, row.id),
        name=row.name,
        slug=row.slug,
        custom_domain=row.custom_domain,
        description=row.description,
        visibility=Visibility(row.visibility),
        theme=Theme(row.theme),
        logo_url=row.logo_url,
        locale=row.locale,
        timezone=row.timezone,
        history_days=row.history_days,
        components=components,
        subscriber_count=subscribers,
        url=f"https://{row.custom_domain}" if row.custom_domain else f"{public_url}/status/{row.slug}",
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
