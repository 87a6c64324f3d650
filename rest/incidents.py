"""The routes of incidents."""

from is0k.resolvers.incidents import (
    create_incident,
    create_incident_update,
    delete_incident,
    get_incident,
    list_incidents,
    update_incident,
)
from is0k.rest.row import Row

ROWS = [
    Row("GET", "/incidents", list_incidents),
    Row("POST", "/incidents", create_incident, status=201),
    Row("GET", "/incidents/{id}", get_incident),
    Row("PUT", "/incidents/{id}", update_incident),
    Row("PATCH", "/incidents/{id}", update_incident),
    Row("DELETE", "/incidents/{id}", delete_incident),
    Row("POST", "/incidents/{id}/updates", create_incident_update, status=201),
]
