"""The REST facade, `/api/v1`: a table of routes onto verbs, and the envelope. No queries and no rules."""

from is0k.rest.routes import rest_app

__all__ = ["rest_app"]
