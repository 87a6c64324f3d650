"""Monitors over REST: what is sent, and what comes back."""

from typing import Any

import pytest

from is0k import models
from is0k.tests.stage.api import Answer, Api
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.history import DOWN, check, remember

pytestmark = pytest.mark.anyio

SHOP = {"name": "Shop", "type": "http", "url": "https://shop.example/health"}
UNKNOWN = "mon_01h455vb4pex5vsknk084sn02q"


async def made(api: Api, **fields: Any) -> Any:
    return (await api.post("/monitors", {**SHOP, **fields})).data


async def number_of(monitor: Any) -> int:
    return (await models.Monitor.get(name=monitor["name"])).number


async def test_create_answers_201_with_the_monitor_and_where_it_is(api: Api) -> None:
    answer = await api.post("/monitors", SHOP)

    assert answer.status == 201
    assert answer.headers["Location"] == f"/api/v1/monitors/{answer.data['id']}"
    assert answer.data["name"] == "Shop"
    assert answer.data["status"] == "pending"
    assert answer.data["url"] == "https://shop.example/health"
    assert answer.data["intervalSeconds"] == 60
    assert answer.data["expectedStatus"] == 200
    assert (await api.session.get(api.url + answer.headers["Location"])).status == 401


async def test_get_answers_what_create_did(api: Api) -> None:
    monitor = await made(api, tags=["prod"], expectedStatus=["2xx", 404], method="POST", body="{}")

    answer = await api.get(f"/monitors/{monitor['id']}")

    assert (answer.status, answer.data) == (200, monitor)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_an_edit_sets_what_is_present_and_keeps_the_rest(api: Api, method: str) -> None:
    before = await made(api, keyword="ok", degradedAfterMs=500)

    answer = await api.call(method, f"/monitors/{before['id']}", {"name": "Blog", "keyword": None, "retries": 0})

    changes = {"name": "Blog", "keyword": None, "retries": 0, "updatedAt": answer.data["updatedAt"]}
    assert (answer.status, answer.data) == (200, before | changes)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_what_was_read_may_be_written_back(api: Api, method: str) -> None:
    before = await made(api, headers={"Authorization": "Bearer 123456789"})

    answer = await api.call(method, f"/monitors/{before['id']}", before)

    assert answer.data == before | {"updatedAt": answer.data["updatedAt"]}
    assert (await models.MonitorState.get()).epoch == 0


async def test_delete_answers_200_because_204_would_break_the_envelope(api: Api) -> None:
    monitor = await made(api)

    answer = await api.delete(f"/monitors/{monitor['id']}")

    assert (answer.status, answer.data) == (200, {"id": monitor["id"], "deleted": True})
    assert (await api.get(f"/monitors/{monitor['id']}")).code == "MONITOR_NOT_FOUND"


async def test_pause_and_resume_answer_the_monitor(api: Api) -> None:
    path = f"/monitors/{(await made(api))['id']}"

    paused = (await api.post(f"{path}/pause")).data
    assert (paused["paused"], paused["status"]) == (True, "paused")
    assert (await api.get(path)).data == paused
    resumed = (await api.post(f"{path}/resume")).data
    assert (resumed["paused"], resumed["status"]) == (False, "pending")


async def test_checks_are_shown_newest_first(api: Api, clock: FakeClock) -> None:
    monitor = await made(api)
    number = await number_of(monitor)
    await remember(check(number, clock.ms - 1, latency_us=1_500, status_code=200), check(number, clock.ms, DOWN))

    answer = await api.get(f"/monitors/{monitor['id']}/checks")

    assert [item["status"] for item in answer.data] == ["down", "up"]
    assert answer.data[1] == {
        "monitorId": monitor["id"],
        "region": "default",
        "checkedAt": "2026-11-23T11:59:59.999Z",
        "status": "up",
        "latencyMs": 1.5,
        "statusCode": 200,
        "reason": "ok",
        "message": None,
        "attempt": 1,
        "timings": {"dnsMs": None, "connectMs": None, "tlsMs": None, "firstByteMs": None, "totalMs": None},
        "detail": None,
    }


async def test_checks_are_narrowed_by_from_to_status_and_region(api: Api, clock: FakeClock) -> None:
    monitor = await made(api)
    number = await number_of(monitor)
    await remember(check(number, clock.ms - 1_000, DOWN), check(number, clock.ms, DOWN), check(number, clock.ms - 1))
    await remember(check(number, clock.ms, DOWN), region="eu")

    query = "from=2026-11-23T12:00:00Z&to=2026-11-23T12:00:01%2B00:00&status=down&region=default"
    answer = await api.get(f"/monitors/{monitor['id']}/checks?{query}&count=true")

    assert [item["checkedAt"] for item in answer.data] == ["2026-11-23T12:00:00.000Z"]
    assert answer.headers["X-Total-Count"] == "1"


async def test_stats_have_the_names_of_the_contract(api: Api, clock: FakeClock) -> None:
    monitor = await made(api)
    number = await number_of(monitor)
    span: Any = {"before": 0, "span_ms": 60_000}
    await remember(check(number, clock.ms - 60_001, latency_us=10_000))
    await remember(check(number, clock.ms - 1, latency_us=10_000, **span))

    answer = await api.get(f"/monitors/{monitor['id']}/stats?period=7d&buckets=1")

    ten = {"p50": 10.0, "p95": 10.0, "p99": 10.0}
    bounds = {"start": "2026-11-16T12:00:00.000Z", "end": "2026-11-23T12:00:00.000Z"}
    assert answer.data == {
        "monitorId": monitor["id"],
        "from": bounds["start"],
        "to": bounds["end"],
        "uptimePercent": 100.0,
        "uptimeLowPercent": 100.0,
        "uptimeHighPercent": 100.0,
        "coveragePercent": 100.0,
        "downtimeSeconds": 0.0,
        "checks": {"total": 2, "up": 2, "degraded": 0, "down": 0, "unknown": 0},
        "incidents": 0,
        "mttrSeconds": None,
        "mtbfSeconds": None,
        "latencyMs": {"avg": 10.0, "min": 10.0, "max": 10.0, "p90": 10.0, **ten},
        "series": [{**bounds, "status": "up", "uptimePercent": 100.0, "latencyMs": ten}],
    }


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("period=1y", {"period": "INVALID_VALUE"}),
        ("period=7d&from=2026-11-22T00:00:00Z", {"period": "CONFLICT"}),
        ("to=2026-11-22T00:00:00Z", {"from": "REQUIRED"}),
        ("from=2027-01-01T00:00:00Z", {"from": "OUT_OF_RANGE"}),
        ("from=today&buckets=0", {"from": "INVALID_VALUE", "buckets": "OUT_OF_RANGE"}),
        ("from=0001-01-01T00:00:00%2B14:00", {"from": "INVALID_VALUE"}),
    ],
)
async def test_a_span_that_makes_no_sense_is_refused(api: Api, query: str, faults: dict[str, str]) -> None:
    answer = await api.get(f"/monitors/{(await made(api))['id']}/stats?{query}")

    assert (answer.status, answer.code, answer.faults) == (422, "VALIDATION_FAILED", faults)


async def test_a_check_now_without_a_worker_is_503(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("is0k.resolvers.monitors.PICK_UP_SECONDS", -0.45)
    monitor = await made(api, timeoutSeconds=0.5)

    answer = await api.post(f"/monitors/{monitor['id']}/check")

    assert (answer.status, answer.code) == (503, "SERVICE_UNAVAILABLE")


async def test_a_check_now_of_a_paused_monitor_is_refused(api: Api) -> None:
    answer = await api.post(f"/monitors/{(await made(api, paused=True))['id']}/check")

    assert (answer.status, answer.faults) == (422, {"id": "PAUSED"})


ABOUT_ONE: list[tuple[str, str, Any]] = [
    ("GET", "", None),
    ("PUT", "", {"name": "Stolen"}),
    ("PATCH", "", {"name": "Stolen"}),
    ("DELETE", "", None),
    ("POST", "/pause", None),
    ("POST", "/resume", None),
    ("POST", "/check", None),
    ("GET", "/checks", None),
    ("GET", "/stats", None),
    ("GET", "/incidents", None),
]


def said(answer: Answer, id: str) -> tuple[int, str, list[str]]:
    """All that is said, but for the two that must differ: which id, and which request."""
    text = str(answer.body).replace(id, "…").replace(answer.headers["X-Request-Id"], "…")
    return answer.status, text, sorted(answer.headers)


@pytest.mark.parametrize(("method", "path", "body"), ABOUT_ONE)
async def test_what_is_not_ours_answers_byte_for_byte_like_what_is_not_there(
    api: Api, stranger_api: Api, method: str, path: str, body: Any
) -> None:
    theirs = (await made(stranger_api))["id"]

    told = [
        said(await api.call(method, f"/monitors/{id}{path}", body), id)
        for id in (UNKNOWN, theirs, "mon_malformed", "x", "inc_01h455vb4pex5vsknk084sn02q", UNKNOWN.upper())
    ]

    assert told == [told[0]] * len(told)
    status, text, _ = told[0]
    assert (status, text) == (
        404,
        "{'data': None, 'error': {'code': 'MONITOR_NOT_FOUND', 'message': 'Monitor with ID … not found', "
        "'requestId': '…'}}",
    )
    assert (await stranger_api.get(f"/monitors/{theirs}")).data["name"] == "Shop"
