"""What Prometheus reads, and who may."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from is0k import models
from is0k.app import create_app
from is0k.models import database
from is0k.models.notice import open_notice
from is0k.models.region import region_number
from is0k.resolvers.context import Context
from is0k.schema.enums import DeliveryStatus, NoticeKind
from is0k.settings import Settings, program_version
from is0k.tests.stage.api import Answer, Api, serving
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_channel, new_delivery, new_incident, new_monitor
from is0k.web.metrics import metrics_routes
from is0k.web.request_id import RequestId

pytestmark = pytest.mark.anyio

TOKEN = "let-me-in"
Values = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
async def metrics(ctx: Context, clock: FakeClock) -> AsyncIterator[Api]:
    app: Any = RequestId(Starlette(routes=metrics_routes(TOKEN, clock)))
    async with serving(app, ctx) as api:
        yield api.with_key(TOKEN)


async def scrape(api: Api) -> Answer:
    return await api.send("GET", "/metrics")


def parsed(answer: Answer) -> Values:
    families = list(text_string_to_metric_families(answer.body.decode()))
    assert all(family.documentation for family in families)
    return {(sample.name, frozenset(sample.labels.items())): sample.value for f in families for sample in f.samples}


def of(values: Values, name: str, **labels: str) -> float | None:
    return values.get((f"is0k_{name}", frozenset(labels.items())))


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"prometheus:{password}".encode()).decode()


@pytest.mark.parametrize("header", [f"Bearer {TOKEN}", f"bearer {TOKEN}", basic(TOKEN)])
async def test_the_token_opens_it_as_bearer_or_as_password(metrics: Api, header: str) -> None:
    answer = await metrics.with_key(None).send("GET", "/metrics", headers={"Authorization": header})

    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "header",
    ["", TOKEN, f"Bearer {TOKEN}x", "Bearer", "Bearer ", basic("wrong"), "Basic %%%", "Basic /w==", f"Digest {TOKEN}"],
)
async def test_nothing_else_does(metrics: Api, header: str) -> None:
    answer = await metrics.with_key(None).send("GET", "/metrics", headers={"Authorization": header})

    assert (answer.status, answer.body) == (401, b"IS0K_METRICS_TOKEN is needed\n")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="is0k metrics"'


async def test_without_a_token_there_is_no_such_page(api: Api) -> None:
    assert (await scrape(api)).status == 404


async def test_the_product_has_it_when_the_setting_is_there(
    ctx: Context, settings: Settings, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IS0K_METRICS_TOKEN", TOKEN)
    monkeypatch.setenv("IS0K_TRUSTED_HOSTS", "is0k.example")
    read = Settings(**settings.model_dump(include={"data_dir", "database_url", "redis_url"}))
    app = create_app(read, clock)
    async with serving(app, ctx) as api:
        assert (await scrape(api.with_key(TOKEN))).status == 200
        assert (await scrape(api.with_key("is0k_live_0"))).status == 401
    await app.state.redis.aclose()


async def test_a_server_without_anything_says_so(metrics: Api) -> None:
    values = parsed(await scrape(metrics))

    assert of(values, "scheduler_lag_seconds") == 0
    assert of(values, "delivery_oldest_unsent_seconds") == 0
    assert of(values, "incidents_open") == 0
    assert of(values, "monitors", status="up") == 0
    assert of(values, "notices_open", kind="blind") == 0
    assert of(values, "build_info", version=program_version()) == 1
    assert values["process_resident_memory_bytes", frozenset()] > 0


async def test_what_waits_is_told_in_seconds(metrics: Api, ctx: Context, clock: FakeClock) -> None:
    await new_monitor(ctx)
    await models.MonitorState.all().update(next_at=clock.ms)
    channel = await new_channel(ctx)
    await new_delivery(ctx, channel, DeliveryStatus.PENDING, next_attempt_at=clock.now())
    clock.move(42.5)

    values = parsed(await scrape(metrics))

    assert of(values, "scheduler_lag_seconds") == 42.5
    assert of(values, "delivery_oldest_unsent_seconds") == 42.5


async def test_monitors_are_counted_as_people_see_them(metrics: Api, ctx: Context, stranger: Context) -> None:
    await new_monitor(ctx, paused=True)
    seen = ((ctx, "up", False), (stranger, "up", False), (stranger, "down", False), (ctx, "up", True))
    for owner, status, is_blind in seen:
        shop = await new_monitor(owner)
        await models.MonitorState.filter(number=shop.number).update(status=status, is_blind=is_blind)

    values = parsed(await scrape(metrics))

    found = {name: of(values, "monitors", status=name) for name in ("up", "down", "paused", "unknown", "pending")}
    assert found == {"up": 2, "down": 1, "paused": 1, "unknown": 1, "pending": 0}


async def test_open_incidents_and_notices_are_counted(metrics: Api, ctx: Context, clock: FakeClock) -> None:
    await new_incident(ctx)
    resolved = await new_incident(ctx, title="Old")
    await models.Incident.filter(title=resolved.title).update(resolved_at=clock.now())
    await open_notice(NoticeKind.MASS_FAILURE, "eu", "many", clock.now())

    values = parsed(await scrape(metrics))

    assert of(values, "incidents_open") == 1
    kinds = ("blind", "region_silent", "mass_failure")
    assert [of(values, "notices_open", kind=kind) for kind in kinds] == [0, 0, 1]


async def test_regions_tell_what_is_known_of_them(metrics: Api, clock: FakeClock) -> None:
    await region_number("eu")
    await region_number("new")
    seen = {"last_seen_at": clock.ms - 1_500, "self_checked_at": clock.ms - 31_000, "lag_ms": 250, "is_blind": True}
    await models.Region.filter(name="eu").update(**seen)

    values = parsed(await scrape(metrics))

    names = ("last_seen_age_seconds", "self_check_age_seconds", "check_lag_seconds", "blind")
    assert [of(values, f"region_{name}", region="eu") for name in names] == [1.5, 31.0, 0.25, 1.0]
    assert [of(values, f"region_{name}", region="new") for name in names] == [None, None, None, 0.0]


async def test_a_database_that_is_away_is_a_failed_scrape(metrics: Api) -> None:
    await database.close()

    answer = await scrape(metrics)

    assert (answer.status, answer.body) == (503, b"The database does not answer\n")
