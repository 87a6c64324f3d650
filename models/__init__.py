"""The tables, each with its named queries. `from is0k import models` and read `models.Monitor` as the row."""

from is0k.models.alerting import AlertChannel, Delivery, MonitorChannel
from is0k.models.forgetting import DeletedMonitor
from is0k.models.heartbeat import Heartbeat, Ping
from is0k.models.idempotency import IdempotentAnswer
from is0k.models.incident import Incident, IncidentMonitor, IncidentUpdate
from is0k.models.last_good import LastGood
from is0k.models.listening import Listening
from is0k.models.maintenance import MaintenanceMonitor, MaintenanceWindow
from is0k.models.monitor import Monitor
from is0k.models.monitor_state import MonitorState
from is0k.models.notice import Notice
from is0k.models.organization import ApiKey, Organization, User
from is0k.models.region import Region
from is0k.models.status_page import Component, ComponentMonitor, IncidentPage, StatusPage, Subscriber

__all__ = [
    "AlertChannel",
    "ApiKey",
    "Component",
    "ComponentMonitor",
    "DeletedMonitor",
    "Delivery",
    "Heartbeat",
    "IdempotentAnswer",
    "Incident",
    "IncidentMonitor",
    "IncidentPage",
    "IncidentUpdate",
    "LastGood",
    "Listening",
    "MaintenanceMonitor",
    "MaintenanceWindow",
    "Monitor",
    "MonitorChannel",
    "MonitorState",
    "Notice",
    "Organization",
    "Ping",
    "Region",
    "StatusPage",
    "Subscriber",
    "User",
]
