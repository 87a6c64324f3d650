"""A preview looks at a real server, once, and stores nothing."""

from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from is0k import models, schema
from is0k.probes.guard import Guard
from is0k.probes.http import HttpProbe
from is0k.resolvers.context import Context, Services
from is0k.resolvers.preview import preview_monitor
from is0k.schema.coercion import Flat, read
from is0k.schema.enums import AssertionOp, AssertionSource, CheckStatus, MonitorType, Reason
from is0k.tests.stage.api import Api
from is0k.tests.stage.shop import Shop

pytestmark = pytest.mark.anyio


@pytest.fixture
async def near(ctx: Context) -> AsyncIterator[Context]:
    """May look at this machine, as after an operator's opt-in."""
    probe = HttpProbe(Guard([ip_network("127.0.0.0/8")]))
    yield replace(ctx, services=Services(probes={MonitorType.HTTP: probe}))
    await probe.close()


def tried(**fields: Any) -> schema.PreviewMonitorInput:
    input: schema.PreviewMonitorInput = read(schema.PreviewMonitorInput, {"type": "http", **fields}, Flat(MonitorType))
    return input


async def test_what_a_check_would_find_is_told_and_nothing_is_saved(near: Context) -> None:
    async with Shop() as shop:
        well = await preview_monitor(near, tried(url=shop.url))
        shop.status = 503
        ill = await preview_monitor(near, tried(url=shop.url))

    assert (well.status, well.reason, well.message, well.status_code) == (CheckStatus.UP, Reason.OK, None, 200)
    assert well.latency_ms is not None and well.timings.connect_ms is not None
    assert (ill.status, ill.reason, ill.message) == (CheckStatus.DOWN, Reason.BAD_STATUS, "status 503, expected 200")
    assert await models.Monitor.all().count() == 0


async def test_the_limits_of_the_input_hold(near: Context) -> None:
    async with Shop() as shop:
        slow = await preview_monitor(near, tried(url=shop.url, degradedAfterMs=30_000))
        shop.hangs = True
        late = await preview_monitor(near, tried(url=shop.url, timeoutSeconds=0.5))

    assert slow.status is CheckStatus.UP
    assert (late.status, late.reason) == (CheckStatus.DOWN, Reason.TIMEOUT)


async def test_every_comparison_is_shown_whether_it_holds_or_not(near: Context) -> None:
    said = [
        {"source": "status", "op": "eq", "target": "200"},
        {"any": [{"source": "body", "op": "not_empty"}, {"source": "header", "path": "X-Lost", "op": "exists"}]},
    ]
    async with Shop() as shop:
        well = await preview_monitor(near, tried(url=shop.url, assertions=said))
        ill = await preview_monitor(near, tried(url=shop.url, assertions=[*said, {"not": said[0]}]))
        shop.status = 503
        down = await preview_monitor(near, tried(url=shop.url, assertions=said))

    assert (well.status, [result.passed for result in well.assertions]) == (CheckStatus.UP, [True, True, False])
    assert well.assertions[2] == schema.AssertionResult(
        source=AssertionSource.HEADER, path="X-Lost", op=AssertionOp.EXISTS, target=None, actual=None, passed=False
    )
    # They are there once, and typed.
    assert "assertions" not in str(well.detail)
    assert (ill.status, ill.reason) == (CheckStatus.DOWN, Reason.ASSERTION_FAILED)
    assert ill.message == "status is 200, expected anything but 200"
    assert [result.passed for result in ill.assertions] == [True, True, False, True]
    assert (down.reason, down.assertions) == (Reason.BAD_STATUS, [])


async def test_rest_and_graphql_look_too_and_no_private_address_is_reached(api: Api) -> None:
    async with Shop() as shop:
        rest = await api.post("/monitors/preview", {"type": "http", "url": shop.url})
        asked = (
            "mutation ($url: String!) { previewMonitor(input: {settings: {http: {url: $url}}}) { preview { reason } } }"
        )
        graphql = await api.graphql(asked, url=shop.url)

    assert (rest.status, rest.data["reason"]) == (200, "blocked_target")
    assert "IS0K_ALLOWED_NETWORKS=127.0.0.0/8" in rest.data["message"]
    assert graphql == {"data": {"previewMonitor": {"preview": {"reason": "BLOCKED_TARGET"}}}}
