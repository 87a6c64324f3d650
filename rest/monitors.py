"""The routes of monitors."""

from is0k.resolvers.checks import list_checks
from is0k.resolvers.incidents import list_monitor_incidents
from is0k.resolvers.monitors import (
    check_monitor,
    create_monitor,
    delete_monitor,
    get_monitor,
    list_monitors,
    monitor_type,
    pause_monitor,
    resume_monitor,
    update_monitor,
)
from is0k.resolvers.pings import list_pings, rotate_ping_url
from is0k.resolvers.preview import preview_monitor
from is0k.resolvers.stats import get_stats
from is0k.rest.row import Row
from is0k.schema.enums import MonitorType

ROWS = [
    Row("GET", "/monitors", list_monitors),
    Row("POST", "/monitors", create_monitor, status=201, types=MonitorType),
    Row("POST", "/monitors/preview", preview_monitor, types=MonitorType),
    Row("GET", "/monitors/{id}", get_monitor),
    Row("PUT", "/monitors/{id}", update_monitor, types=MonitorType, type_of=monitor_type),
    Row("PATCH", "/monitors/{id}", update_monitor, types=MonitorType, type_of=monitor_type),
    Row("DELETE", "/monitors/{id}", delete_monitor),
    Row("POST", "/monitors/{id}/pause", pause_monitor),
    Row("POST", "/monitors/{id}/resume", resume_monitor),
    Row("POST", "/monitors/{id}/check", check_monitor),
    Row("GET", "/monitors/{id}/checks", list_checks),
    Row("GET", "/monitors/{id}/pings", list_pings),
    Row("POST", "/monitors/{id}/rotate-ping-url", rotate_ping_url),
    Row("GET", "/monitors/{id}/stats", get_stats),
    Row("GET", "/monitors/{id}/incidents", list_monitor_incidents),
]
