"""The routes of status pages."""

from is0k.resolvers.status_pages import (
    create_status_page,
    delete_status_page,
    get_status_page,
    list_status_pages,
    update_status_page,
)
from is0k.rest.row import Row
from is0k.schema.errors import Taken

TAKEN = Taken("slug", value="shop"), Taken("custom_domain", value="status.example.com")
ROWS = [
    Row("GET", "/status-pages", list_status_pages),
    Row("POST", "/status-pages", create_status_page, status=201, errors=TAKEN),
    Row("GET", "/status-pages/{id}", get_status_page),
    Row("PUT", "/status-pages/{id}", update_status_page, errors=TAKEN),
    Row("PATCH", "/status-pages/{id}", update_status_page, errors=TAKEN),
    Row("DELETE", "/status-pages/{id}", delete_status_page),
]
