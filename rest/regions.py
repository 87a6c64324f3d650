"""The route of regions."""

from is0k.resolvers.regions import list_regions
from is0k.rest.row import Row

ROWS = [
    Row("GET", "/regions", list_regions),
]
