"""An app behind the front door of the product, without the rest of it."""

from starlette.types import ASGIApp

from is0k.resolvers.admission import Gate
from is0k.resolvers.rate_limits import RateLimiter
from is0k.schema.clock import Clock
from is0k.settings import Settings
from is0k.web.front_door import front_door


def behind_the_door(app: ASGIApp, clock: Clock, settings: Settings | None = None) -> ASGIApp:
    for middleware in reversed(front_door(settings or Settings(), Gate(clock, RateLimiter(clock)))):
        app = middleware.cls(app, *middleware.args, **middleware.kwargs)
    return app
