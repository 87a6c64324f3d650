"""`/metrics` for Prometheus: how the server itself is. Read anew for every scrape, so nothing is counted twice."""

import base64
import binascii
import secrets
from collections.abc import Iterable
from http import HTTPStatus
from typing import NamedTuple

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from is0k.resolvers.health import Health, RegionHealth, read_health
from is0k.schema.clock import Clock
from is0k.settings import program_version

log = structlog.get_logger("is0k.metrics")

CHALLENGE = {"WWW-Authenticate": 'Basic realm="is0k metrics"'}
NO_STORE = {"Cache-Control": "no-store"}


def metrics_routes(token: str | None, clock: Clock) -> list[Route]:
    """Without a token there is no such page."""
    if not token:
        return []

    async def metrics(request: Request) -> Response:
        if not secrets.compare_digest(_token_of(request).encode(), token.encode()):
            return PlainTextResponse("IS0K_METRICS_TOKEN is needed\n", HTTPStatus.UNAUTHORIZED, CHALLENGE)
        try:
            health = await read_health(clock)
        except Exception as error:
            # Prometheus takes it as a failed scrape, which is what it is.
            log.warning("the database does not answer for /metrics", error=repr(error))
            return PlainTextResponse("The database does not answer\n", HTTPStatus.SERVICE_UNAVAILABLE, NO_STORE)
        return Response(exposition(health), headers={**NO_STORE, "Content-Type": CONTENT_TYPE_LATEST})

    return [Route("/metrics", metrics)]


def _token_of(request: Request) -> str:
    """That of a bearer, or the password of basic auth, whatever the user is called."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def exposition(health: Health) -> bytes:
    registry = CollectorRegistry()
    registry.register(HealthCollector(health))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class HealthCollector(Collector):
    def __init__(self, health: Health) -> None:
        self.health = health

    def collect(self) -> Iterable[Metric]:
        health = self.health
        yield InfoMetricFamily("is0k_build", "The version of the API.", {"version": program_version()})
        yield GaugeMetricFamily(
            "is0k_scheduler_lag_seconds", "How late the most overdue check is.", health.scheduler_lag_ms / 1000
        )
        yield GaugeMetricFamily(
            "is0k_delivery_oldest_unsent_seconds", "How long the oldest alert has waited.", health.unsent_ms / 1000
        )
        yield GaugeMetricFamily("is0k_incidents_open", "Incidents that are not resolved.", health.open_incidents)
        monitors = ((str(status.value), count) for status, count in health.monitors.items())
        yield _labelled("is0k_monitors", "Monitors by what is believed of them.", "status", monitors)
        notices = ((str(kind.value), count) for kind, count in health.open_notices.items())
        yield _labelled("is0k_notices_open", "What is0k has to say about itself now.", "kind", notices)
        for gauge in REGION_GAUGES:
            values = ((region.name, gauge.of(region)) for region in health.regions)
            yield _labelled(f"is0k_region_{gauge.name}", gauge.help, "region", values)


class RegionGauge(NamedTuple):
    name: str
    help: str
    attribute: str
    per_unit: int  # of what is kept, in a unit of the metric

    def of(self, region: RegionHealth) -> float | None:
        value: float | None = getattr(region, self.attribute)
        return None if value is None else value / self.per_unit


REGION_GAUGES = (
    RegionGauge("last_seen_age_seconds", "Since a worker of the region last spoke up.", "last_seen_ms_ago", 1000),
    RegionGauge("check_lag_seconds", "How late checks of the region began lately, at worst.", "lag_ms", 1000),
    RegionGauge("blind", "1 while the region cannot tell its own trouble from its targets'.", "is_blind", 1),
    RegionGauge(
        "self_check_age_seconds", "Since a check of itself last went all the way.", "self_checked_ms_ago", 1000
    ),
)


def _labelled(name: str, help: str, label: str, values: Iterable[tuple[str, float | None]]) -> Metric:
    """What is not known has no line."""
    family = GaugeMetricFamily(name, help, labels=[label])
    for word, value in values:
        if value is not None:
            family.add_metric([word], value)
    return family
