"""The GraphQL schema: the verbs, put together as Query, Mutation and Subscription."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from is0k.resolvers import (
    alert_channels,
    api_keys,
    deliveries,
    incidents,
    live,
    maintenance_windows,
    me,
    monitors,
    nodes,
    notices,
    pings,
    preview,
    regions,
    status_pages,
)
from is0k.resolvers.execution import Schema, ToldErrors
from is0k.resolvers.operation import listing, mutation, query, subscription
from is0k.schema.alert_channel import AlertChannel
from is0k.schema.api_key import ApiKey
from is0k.schema.check import Check
from is0k.schema.delivery import Delivery
from is0k.schema.incident import Incident
from is0k.schema.maintenance_window import MaintenanceWindow
from is0k.schema.me import Me
from is0k.schema.monitor import Monitor
from is0k.schema.node import Node
from is0k.schema.notice import Notice
from is0k.schema.page import Connection
from is0k.schema.payloads import (
    AlertChannelPayload,
    ApiKeyPayload,
    CheckPayload,
    DeletedPayload,
    DeliveryPayload,
    IncidentPayload,
    MaintenanceWindowPayload,
    MonitorPayload,
    PreviewPayload,
    StatusPagePayload,
)
from is0k.schema.region import Region
from is0k.schema.scalars import SCALARS
from is0k.schema.status_change import MonitorStatusChange
from is0k.schema.status_page import StatusPage


@strawberry.type
class Query:
    node: Node | None = query(nodes.get_node)
    monitor: Monitor | None = query(monitors.get_monitor)
    monitors: Connection[Monitor] = listing(monitors.list_monitors)
    incident: Incident | None = query(incidents.get_incident)
    incidents: Connection[Incident] = listing(incidents.list_incidents)
    regions: list[Region] = query(regions.list_regions)
    notices: Connection[Notice] = listing(notices.list_notices)
    me: Me | None = query(me.get_me)
    status_page: StatusPage | None = query(status_pages.get_status_page)
    status_pages: Connection[StatusPage] = listing(status_pages.list_status_pages)
    maintenance_window: MaintenanceWindow | None = query(maintenance_windows.get_maintenance_window)
    maintenance_windows: Connection[MaintenanceWindow] = listing(maintenance_windows.list_maintenance_windows)
    alert_channel: AlertChannel | None = query(alert_channels.get_alert_channel)
    alert_channels: Connection[AlertChannel] = listing(alert_channels.list_alert_channels)
    deliveries: Connection[Delivery] = listing(deliveries.list_deliveries)
    api_keys: list[ApiKey] = query(api_keys.list_api_keys)


@strawberry.type
class Mutation:
    create_monitor: MonitorPayload = mutation(monitors.create_monitor, MonitorPayload)
    update_monitor: MonitorPayload = mutation(monitors.update_monitor, MonitorPayload)
    delete_monitor: DeletedPayload = mutation(monitors.delete_monitor, DeletedPayload)
    pause_monitor: MonitorPayload = mutation(monitors.pause_monitor, MonitorPayload)
    resume_monitor: MonitorPayload = mutation(monitors.resume_monitor, MonitorPayload)
    check_monitor: CheckPayload = mutation(monitors.check_monitor, CheckPayload)
    preview_monitor: PreviewPayload = mutation(preview.preview_monitor, PreviewPayload)
    rotate_ping_url: MonitorPayload = mutation(pings.rotate_ping_url, MonitorPayload)
    create_incident: IncidentPayload = mutation(incidents.create_incident, IncidentPayload)
    update_incident: IncidentPayload = mutation(incidents.update_incident, IncidentPayload)
    delete_incident: DeletedPayload = mutation(incidents.delete_incident, DeletedPayload)
    create_incident_update: IncidentPayload = mutation(incidents.create_incident_update, IncidentPayload)
    create_status_page: StatusPagePayload = mutation(status_pages.create_status_page, StatusPagePayload)
    update_status_page: StatusPagePayload = mutation(status_pages.update_status_page, StatusPagePayload)
    delete_status_page: DeletedPayload = mutation(status_pages.delete_status_page, DeletedPayload)
    create_maintenance_window: MaintenanceWindowPayload = mutation(
        maintenance_windows.create_maintenance_window, MaintenanceWindowPayload
    )
    update_maintenance_window: MaintenanceWindowPayload = mutation(
        maintenance_windows.update_maintenance_window, MaintenanceWindowPayload
    )
    delete_maintenance_window: DeletedPayload = mutation(maintenance_windows.delete_maintenance_window, DeletedPayload)
    create_alert_channel: AlertChannelPayload = mutation(alert_channels.create_alert_channel, AlertChannelPayload)
    update_alert_channel: AlertChannelPayload = mutation(alert_channels.update_alert_channel, AlertChannelPayload)
    delete_alert_channel: DeletedPayload = mutation(alert_channels.delete_alert_channel, DeletedPayload)
    test_alert_channel: DeliveryPayload = mutation(alert_channels.test_alert_channel, DeliveryPayload)
    replay_delivery: DeliveryPayload = mutation(deliveries.replay_delivery, DeliveryPayload)
    create_api_key: ApiKeyPayload = mutation(api_keys.create_api_key, ApiKeyPayload)
    delete_api_key: DeletedPayload = mutation(api_keys.delete_api_key, DeletedPayload)


@strawberry.type
class Subscription:
    check_recorded: Check = subscription(live.check_recorded)
    monitor_status_changed: MonitorStatusChange = subscription(live.monitor_status_changed)
    incident_changed: Incident = subscription(live.incident_changed)


graphql_schema = Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(scalar_map=SCALARS),
    extensions=[ToldErrors],
)
