"""An assertion on its way: set up over REST or GraphQL, judged by a worker, stored, and read again."""

from typing import Any

import pytest

from is0k import models
from is0k.jobs.checker import Checker, Finding, Slot
from is0k.probes.base import Facts, Outcome
from is0k.schema.enums import CheckStatus, MonitorType, Reason
from is0k.tests.jobs.scene import REGION, FakeProbe, running, soon, state_of, until_stored
from is0k.tests.stage.api import Api
from is0k.tests.stage.clock import FakeClock

pytestmark = pytest.mark.anyio

SHOP = {"name": "Shop", "type": "http", "url": "https://shop.example/health", "retries": 0}
FAST = {"source": "latency", "op": "lt", "target": "500"}
WELL = {"any": [{"source": "json", "path": "$.status", "op": "eq", "target": "ok"}, {"not": FAST}]}
ANSWER = Outcome(
    CheckStatus.UP,
    Reason.OK,
    latency_ms=120.0,
    status_code=200,
    detail={"remoteAddress": "192.0.2.1:443"},
    facts=Facts(body=b'{"status": "broken"}'),
)
ILL = "$.status is 'broken', expected 'ok'; latency is 120 ms, expected at least 500 ms (one of them would do)"
LEAVES = [
    {"source": "json", "path": "$.status", "op": "eq", "target": "ok", "actual": "broken", "passed": False},
    {"source": "latency", "path": None, "op": "lt", "target": "500", "actual": "120", "passed": True},
]


class Asking(FakeProbe):
    """Remembers whether the body was asked for."""

    wanted_body: bool | None = None

    async def run(self, settings: Any, timeout_seconds: float, wants_body: bool = False) -> Outcome:
        self.wanted_body = wants_body
        return await super().run(settings, timeout_seconds, wants_body)


async def checked(number: int, clock: FakeClock, outcome: Outcome) -> tuple[Asking, Outcome]:
    """What a worker makes of it, and stores."""
    probe, found, state = Asking(), list[Finding](), await state_of(number)
    probe.outcome = outcome
    checker = Checker({MonitorType.HTTP: probe}, clock, found.append)
    await checker.accept([Slot(number, clock.ms, state.epoch, state.version)])
    await soon(lambda: found)
    await checker.close(1)
    await models.Region.create(number=REGION.number, name=REGION.region)
    async with running(clock) as writer:
        writer.add(found[0])
        await until_stored(1)
    return probe, found[0].outcome


async def number_of_the_only_one() -> int:
    return (await models.Monitor.get()).number


async def test_what_fails_is_down_and_every_comparison_can_be_read_over_rest_and_graphql(
    api: Api, clock: FakeClock
) -> None:
    shop = (await api.post("/monitors", {**SHOP, "assertions": [WELL]})).data
    probe, _ = await checked(await number_of_the_only_one(), clock, ANSWER)

    [over_rest] = (await api.get(f"/monitors/{shop['id']}/checks")).data
    fields = "status lastReason checks { edges { node { reason message detail } } }"
    asked = f"query ($id: ID!) {{ monitor(id: $id) {{ {fields} }} }}"
    over_graphql = (await api.graphql(asked, id=shop["id"]))["data"]["monitor"]

    assert probe.wanted_body is True
    assert (over_rest["status"], over_rest["reason"], over_rest["message"]) == ("down", "assertion_failed", ILL)
    assert over_rest["detail"]["assertions"] == LEAVES
    assert over_rest["detail"]["bodyExcerpt"] == '{"status": "broken"}'
    assert over_graphql == {
        "status": "DOWN",
        "lastReason": "ASSERTION_FAILED",
        "checks": {"edges": [{"node": {"reason": "ASSERTION_FAILED", "message": ILL, "detail": over_rest["detail"]}}]},
    }


async def test_what_holds_is_up_and_keeps_nothing_of_it(api: Api, clock: FakeClock) -> None:
    await api.post("/monitors", {**SHOP, "assertions": [FAST]})
    probe, outcome = await checked(await number_of_the_only_one(), clock, ANSWER)

    assert probe.wanted_body is False
    assert outcome is ANSWER


async def test_an_assertion_is_judged_before_the_latency(api: Api, clock: FakeClock) -> None:
    await api.post("/monitors", {**SHOP, "degradedAfterMs": 1, "assertions": [FAST]})
    _, outcome = await checked(await number_of_the_only_one(), clock, ANSWER)

    assert (outcome.status, outcome.message) == (CheckStatus.DEGRADED, "took 120 ms, more than 1 ms")


async def test_what_the_probe_finds_bad_is_told_as_the_probe_tells_it(api: Api, clock: FakeClock) -> None:
    await api.post("/monitors", {**SHOP, "assertions": [{"not": FAST}]})
    ill = Outcome(CheckStatus.DOWN, Reason.TIMEOUT, "no answer within 10 s")
    _, outcome = await checked(await number_of_the_only_one(), clock, ill)

    assert outcome is ill
