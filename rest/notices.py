"""The route of notices."""

from is0k.resolvers.notices import list_notices
from is0k.rest.row import Row

ROWS = [
    Row("GET", "/notices", list_notices),
]
