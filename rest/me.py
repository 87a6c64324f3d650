"""The route of who asks."""

from is0k.resolvers.me import get_me
from is0k.rest.adapter import Row

ROWS = [
    Row("GET", "/me", get_me),
]
