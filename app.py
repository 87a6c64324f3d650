"""The composition root of the API process: one Starlette app with `/api/v1`, `/graphql`, their pages and health."""

import asyncio
import gc
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import ASGIApp

from is0k.channels import make_channels
from is0k.channels.base import Reach
from is0k.channels.http import Http
from is0k.channels.mail_server import MailServer
from is0k.jobs.listening import Listening
from is0k.models.database import opened
from is0k.models.own_addresses import own_addresses
from is0k.probes import PROBES
from is0k.probes.guard import Guard
from is0k.resolvers.admission import Gate
from is0k.resolvers.announcer import Announcer
from is0k.resolvers.bus import Bus
from is0k.resolvers.context import Services
from is0k.resolvers.pings import PingDesk
from is0k.resolvers.rate_limits import RateLimiter
from is0k.rest import rest_app
from is0k.schema.clock import Clock, SystemClock
from is0k.settings import Settings, plain
from is0k.web.explorers import explorer_routes
from is0k.web.front_door import front_door
from is0k.web.graphql import GraphQLView
from is0k.web.graphql_stream import GraphQLStreamView
from is0k.web.health import health_routes
from is0k.web.metrics import metrics_routes
from is0k.web.pings import ping_routes


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> Starlette:
    settings, clock = settings or Settings(), clock or SystemClock()
    redis = Redis.from_url(settings.redis, socket_timeout=2, socket_connect_timeout=2)
    services = _services(settings, clock)
    listening, desk = Listening(clock), PingDesk()
    origins = [settings.public_url, *settings.cors_origins]
    graphql, rest = GraphQLView(clock, services, origins), rest_app(clock, services)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with opened(settings):
            _settle_memory()
            signing = asyncio.create_task(listening.run())
            yield
            listening.stop()
            await signing
            await services.close()
        await redis.aclose()

    app = Starlette(
        routes=[
            *ping_routes(desk, clock, settings.trusted_proxies),
            *explorer_routes(graphql),
            _below("/api/v1", rest),
            Route("/api/v1", rest),
            WebSocketRoute("/graphql", graphql),
            Route("/graphql/stream", GraphQLStreamView(clock, services), methods=["POST"]),
            *health_routes(redis.ping, clock),
            *metrics_routes(plain(settings.metrics_token), clock),
        ],
        middleware=front_door(settings, Gate(clock, RateLimiter(clock, redis))),
        lifespan=lifespan,
    )
    app.state.services, app.state.redis, app.state.listening = services, redis, listening
    return app


def wind_down(app: Any) -> None:
    """Before the server waits for its connections to end. `app` is what `create_app` made."""
    app.state.services.bus.end_all()
    app.state.listening.stop()


def _services(settings: Settings, clock: Clock) -> Services:
    guard = Guard(settings.allowed_networks, own_addresses(settings))
    return Services(
        probes={type: probe(guard) for type, probe in PROBES.items()},
        channels=make_channels(Reach(Http(guard), MailServer.of(settings), clock)),
        apprise=settings.apprise,
        public_url=settings.public_url.rstrip("/"),
        announcer=Announcer(settings.redis),
        bus=Bus(settings.redis, clock, public_url=settings.public_url.rstrip("/")),
    )


def _below(path: str, app: ASGIApp) -> Mount:
    mount = Mount(path, app)
    # A line break in the path (%0A) would escape the pattern that Starlette makes, and with it the envelope.
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    return mount


def _settle_memory() -> None:
    """What is loaded now stays for good: the collector need not look at it again, nor after every small request."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
