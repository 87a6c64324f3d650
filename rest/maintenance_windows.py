"""The routes of maintenance windows."""

from is0k.resolvers.maintenance_windows import (
    create_maintenance_window,
    delete_maintenance_window,
    get_maintenance_window,
    list_maintenance_windows,
    update_maintenance_window,
)
from is0k.rest.row import Row

ROWS = [
    Row("GET", "/maintenance-windows", list_maintenance_windows),
    Row("POST", "/maintenance-windows", create_maintenance_window, status=201),
    Row("GET", "/maintenance-windows/{id}", get_maintenance_window),
    Row("PUT", "/maintenance-windows/{id}", update_maintenance_window),
    Row("PATCH", "/maintenance-windows/{id}", update_maintenance_window),
    Row("DELETE", "/maintenance-windows/{id}", delete_maintenance_window),
]
