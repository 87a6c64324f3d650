"""Status pages and their components."""

from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.fields.relational import ForeignKeyRelation

from is0k.models.base import OwnedRow, Row
from is0k.models.incident import Incident


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


class Component(Row):
    page: ForeignKeyRelation[StatusPage] = fields.ForeignKeyField("models.StatusPage")
    name = fields.CharField(max_length=100)
    description = fields.TextField(null=True)
    group = fields.CharField(max_length=100, null=True, source_field="group_name")
    position = fields.IntField(default=0)
    show_latency = fields.BooleanField(default=False)

    class Meta:
        table = "component"


class ComponentMonitor(Row):
    component: ForeignKeyRelation[Component] = fields.ForeignKeyField("models.Component")
    monitor: ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Monitor", to_field="id")
    component_id: UUID
    monitor_id: UUID

    class Meta:
        table = "component_monitor"
        unique_together = (("component_id", "monitor_id"),)


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
