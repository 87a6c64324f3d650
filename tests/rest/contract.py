"""The contract's table of routes, as it is written down: what clients rely on, and what is0k adds."""

from typing import NamedTuple


class Promise(NamedTuple):
    method: str
    path: str
    verb: str
    status: int = 200

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


DOCUMENTED = [
    Promise("GET", "/monitors", "list_monitors"),
    Promise("POST", "/monitors", "create_monitor", 201),
    Promise("GET", "/monitors/{id}", "get_monitor"),
    Promise("PUT", "/monitors/{id}", "update_monitor"),
    Promise("DELETE", "/monitors/{id}", "delete_monitor"),
    Promise("POST", "/monitors/{id}/pause", "pause_monitor"),
    Promise("POST", "/monitors/{id}/resume", "resume_monitor"),
    Promise("GET", "/monitors/{id}/checks", "list_checks"),
    Promise("GET", "/monitors/{id}/stats", "get_stats"),
    Promise("GET", "/alert-channels", "list_alert_channels"),
    Promise("POST", "/alert-channels", "create_alert_channel", 201),
    Promise("PUT", "/alert-channels/{id}", "update_alert_channel"),
    Promise("DELETE", "/alert-channels/{id}", "delete_alert_channel"),
    Promise("POST", "/alert-channels/{id}/test", "test_alert_channel"),
    Promise("GET", "/status-pages", "list_status_pages"),
    Promise("POST", "/status-pages", "create_status_page", 201),
    Promise("PUT", "/status-pages/{id}", "update_status_page"),
    Promise("DELETE", "/status-pages/{id}", "delete_status_page"),
    Promise("GET", "/incidents", "list_incidents"),
    Promise("POST", "/incidents", "create_incident", 201),
    Promise("PUT", "/incidents/{id}", "update_incident"),
    Promise("POST", "/incidents/{id}/updates", "create_incident_update", 201),
]
ADDED = [
    Promise("PATCH", "/monitors/{id}", "update_monitor"),
    Promise("GET", "/monitors/{id}/incidents", "list_monitor_incidents"),
    Promise("POST", "/monitors/{id}/check", "check_monitor"),
    Promise("GET", "/monitors/{id}/pings", "list_pings"),
    Promise("POST", "/monitors/{id}/rotate-ping-url", "rotate_ping_url"),
    Promise("POST", "/monitors/preview", "preview_monitor"),
    Promise("GET", "/alert-channels/{id}", "get_alert_channel"),
    Promise("PATCH", "/alert-channels/{id}", "update_alert_channel"),
    Promise("GET", "/status-pages/{id}", "get_status_page"),
    Promise("PATCH", "/status-pages/{id}", "update_status_page"),
    Promise("GET", "/incidents/{id}", "get_incident"),
    Promise("PATCH", "/incidents/{id}", "update_incident"),
    Promise("DELETE", "/incidents/{id}", "delete_incident"),
    Promise("GET", "/maintenance-windows", "list_maintenance_windows"),
    Promise("POST", "/maintenance-windows", "create_maintenance_window", 201),
    Promise("GET", "/maintenance-windows/{id}", "get_maintenance_window"),
    Promise("PUT", "/maintenance-windows/{id}", "update_maintenance_window"),
    Promise("PATCH", "/maintenance-windows/{id}", "update_maintenance_window"),
    Promise("DELETE", "/maintenance-windows/{id}", "delete_maintenance_window"),
    Promise("GET", "/deliveries", "list_deliveries"),
    Promise("POST", "/deliveries/{id}/replay", "replay_delivery"),
    Promise("GET", "/regions", "list_regions"),
    Promise("GET", "/notices", "list_notices"),
    Promise("GET", "/me", "get_me"),
]
NOUNS = {
    "monitors": ("Monitor", "mon"),
    "alert-channels": ("Alert channel", "chn"),
    "status-pages": ("Status page", "pag"),
    "incidents": ("Incident", "inc"),
    "maintenance-windows": ("Maintenance window", "mnt"),
    "deliveries": ("Delivery", "dlv"),
}
