"""The route of who asks."""

from is0k.resolvers.me import get_me
from is0k.rest.row import Row

ROWS = [
    Row("GET", "/me", get_me),
]
