"""Nested fields: a constant number of SQL statements, however many monitors a query lists."""

from typing import Any

import pytest

from is0k import models
from is0k.resolvers.context import Context
from is0k.resolvers.root import graphql_schema
from is0k.schema import Monitor
from is0k.schema.clock import moment
from is0k.schema.enums import IncidentImpact, IncidentOrigin, IncidentStatus
from is0k.schema.ids import Prefix, encode
from is0k.tests.resolvers.conftest import Statements
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.history import DOWN, UP, check, remember
from is0k.tests.stage.people import new_monitor

pytestmark = pytest.mark.anyio

DASHBOARD = """
    query ($first: Int!) {
        monitors(first: $first) { edges { node {
            id
            status
            day: stats(period: HOUR_24) { monitorId uptimePercent }
            week: stats(period: DAY_7, buckets: 7) { series { status } }
            checks(first: 2) { edges { node { monitorId status } } pageInfo { hasNextPage } totalCount }
            down: checks(first: 1, filter: {status: DOWN}) { edges { node { status } } }
            bars(days: 7) { statuses uptimePercents }
            latency(period: DAY_7, buckets: 7) { p95Ms }
            openIncident { id title monitorIds }
            alertChannels { id name }
            incidents(first: 1) { edges { node { title } } totalCount }
        } } }
    }
"""


async def ask(ctx: Context, query: str, **variables: Any) -> Any:
    answer = await graphql_schema.execute(query, variables, Context(ctx.actor, ctx.clock))
    assert answer.errors is None, answer.errors
    return answer.data


async def watched(ctx: Context, clock: FakeClock, is_down: bool = False) -> Monitor:
    """A monitor with three checks, and an incident when it is down."""
    monitor = await new_monitor(ctx)
    span: Any = {"before": 0, "span_ms": 60_000}
    await remember(
        check(monitor.number, clock.ms - 180_000),
        check(monitor.number, clock.ms - 120_000, **span),
        check(monitor.number, clock.ms - 60_000, DOWN if is_down else UP, **span),
    )
    if is_down:
        await open_incident(ctx, clock, monitor)
    return monitor


LAST_GOOD = {
    "lastGood": {"at": "2026-11-23T11:59:00.000Z", "facts": {"statusCode": 200}},
    "changed": "The status is now 503, was 200.",
}


async def open_incident(ctx: Context, clock: FakeClock, monitor: Monitor) -> models.Incident:
    incident = await models.Incident.create(
        organization_id=ctx.organization_id,
        title=f"{monitor.name} is down",
        status=IncidentStatus.INVESTIGATING,
        impact=IncidentImpact.MAJOR,
        origin=IncidentOrigin.AUTOMATIC,
        monitor_number=monitor.number,
        started_at=moment(clock.ms - 60_000),
        cause={"reason": "timeout", "message": "no answer", "evidence": {"statusCode": None}} | LAST_GOOD,
    )
    row = await models.Monitor.get(number=monitor.number)
    await models.IncidentMonitor.create(incident_id=incident.id, monitor_id=row.id)
    return incident


async def test_the_statements_do_not_depend_on_how_many_monitors_there_are(
    ctx: Context, clock: FakeClock, statements: Statements
) -> None:
    counts = []
    for number in range(1, 13):
        await watched(ctx, clock, is_down=number % 2 == 1)
        with statements() as sent:
            data = await ask(ctx, DASHBOARD, first=250)
        assert len(data["monitors"]["edges"]) == number
        counts.append(len(sent))

    assert counts == counts[:1] * 12


async def test_each_monitor_gets_what_is_its_own(ctx: Context, clock: FakeClock) -> None:
    up, down = await watched(ctx, clock), await watched(ctx, clock, is_down=True)
    idle = await new_monitor(ctx)
    incident = await models.Incident.get()

    data = await ask(ctx, DASHBOARD, first=10)

    nodes = {edge["node"]["id"]: edge["node"] for edge in data["monitors"]["edges"]}
    assert list(nodes) == [idle.id, down.id, up.id]
    assert nodes[up.id]["day"] == {"monitorId": up.id, "uptimePercent": 100.0}
    assert nodes[idle.id]["day"] == {"monitorId": idle.id, "uptimePercent": None}
    assert [len(node["week"]["series"]) for node in nodes.values()] == [7, 7, 7]
    assert nodes[down.id]["checks"] == {
        "edges": [{"node": {"monitorId": down.id, "status": status}} for status in ("DOWN", "UP")],
        "pageInfo": {"hasNextPage": True},
        "totalCount": 3,
    }
    assert nodes[idle.id]["checks"] == {"edges": [], "pageInfo": {"hasNextPage": False}, "totalCount": 0}
    assert [len(node["down"]["edges"]) for node in nodes.values()] == [0, 1, 0]
    assert [node["openIncident"] for node in nodes.values()] == [
        None,
        {"id": encode(Prefix.INCIDENT, incident.id), "title": "Shop is down", "monitorIds": [down.id]},
        None,
    ]


async def test_what_is_not_asked_for_is_not_read(ctx: Context, clock: FakeClock, statements: Statements) -> None:
    await watched(ctx, clock)

    with statements() as sent:
        await ask(ctx, "{ monitors { edges { node { id name } } } }")

    assert len(sent) == 1


async def test_a_list_longer_than_a_page_of_the_loader_is_read_in_batches(
    ctx: Context, clock: FakeClock, statements: Statements
) -> None:
    made = [(await new_monitor(ctx)).id for _ in range(260)]

    with statements() as sent:
        data = await ask(
            ctx,
            """query ($after: String) {
                new: monitors(first: 250) { ...ids }
                old: monitors(first: 250, after: $after) { ...ids }
            }
            fragment ids on MonitorConnection { edges { node { id checks(first: 1) { edges { node { status } } } } } }
            """,
            after=None,
        )

    assert [edge["node"]["id"] for edge in data["new"]["edges"]] == made[:9:-1]
    # Both lists hold the same 250 monitors: two statements for the lists, one for the checks.
    assert len(sent) == 3


async def test_the_pages_of_nested_checks_go_on_where_the_cursor_says(ctx: Context, clock: FakeClock) -> None:
    await watched(ctx, clock)
    query = """query ($after: String) { monitors { edges { node {
        checks(first: 2, after: $after) { edges { node { checkedAt } } pageInfo { hasNextPage endCursor } }
    } } } }"""

    async def page(after: str | None) -> Any:
        return (await ask(ctx, query, after=after))["monitors"]["edges"][0]["node"]["checks"]

    first = await page(None)
    second = await page(first["pageInfo"]["endCursor"])

    assert [len(first["edges"]), len(second["edges"])] == [2, 1]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)


async def test_an_incident_shows_its_cause_and_lasts_until_it_is_resolved(ctx: Context, clock: FakeClock) -> None:
    monitor = await new_monitor(ctx)
    incident = await open_incident(ctx, clock, monitor)
    cause = "cause { reason message evidence lastGood { at facts } changed }"
    query = f"{{ monitors {{ edges {{ node {{ openIncident {{ durationSeconds {cause} }} }} }} }} }}"

    [edge] = (await ask(ctx, query))["monitors"]["edges"]
    assert edge["node"]["openIncident"] == {
        "durationSeconds": None,
        "cause": {"reason": "TIMEOUT", "message": "no answer", "evidence": {"statusCode": None}} | LAST_GOOD,
    }

    await models.Incident.filter(id=incident.id).update(resolved_at=clock.now())
    [edge] = (await ask(ctx, query))["monitors"]["edges"]
    assert edge["node"]["openIncident"] is None


@pytest.mark.parametrize(
    ("field", "faults"),
    [
        ("stats(buckets: 0) { incidents }", "buckets"),
        ('stats(from: "2999-01-01T00:00:00Z") { incidents }', "from"),
        ("checks(first: 0) { totalCount }", "limit"),
        ('checks(after: "x") { edges { cursor } }', "cursor"),
        ('checks(filter: {region: "NO WAY"}) { totalCount }', "region"),
    ],
)
async def test_arguments_that_are_not_valid_are_told(ctx: Context, field: str, faults: str) -> None:
    await new_monitor(ctx)

    answer = await graphql_schema.execute(f"{{ monitors {{ edges {{ node {{ {field} }} }} }} }}", {}, ctx)

    [error] = answer.errors or []
    assert (error.message, error.path) == (
        f"Not valid: {faults}",
        ["monitors", "edges", 0, "node", field.partition("(")[0]],
    )
    assert error.extensions is not None
    assert error.extensions["code"] == "VALIDATION_FAILED"
    assert [detail["field"] for detail in error.extensions["details"]] == [faults]
