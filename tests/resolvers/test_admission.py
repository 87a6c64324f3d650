"""Who is charged for what, and which refusal goes before which."""

from collections.abc import Iterable

import pytest
from structlog.testing import capture_logs

from is0k import models
from is0k.models import database
from is0k.resolvers.admission import ANONYMOUS_PER_MINUTE, WRONG_KEYS_PER_MINUTE, Caller, Gate
from is0k.resolvers.api_keys import create_api_key, delete_api_key
from is0k.resolvers.context import Context
from is0k.resolvers.organizations import set_plan
from is0k.resolvers.rate_limits import RateLimiter
from is0k.schema import CreateApiKeyInput
from is0k.schema.api_key import new_key
from is0k.schema.enums import Plan
from is0k.tests.resolvers.conftest import Statements
from is0k.tests.stage.api import key_of
from is0k.tests.stage.clock import FakeClock

pytestmark = pytest.mark.anyio

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def gate(clock: FakeClock, open_database: None) -> Gate:
    return Gate(clock, RateLimiter(clock))


async def times(gate: Gate, number: int, key: str | None, address: str = HERE) -> list[str | None]:
    """The codes of so many calls, None for each that is let in."""
    authorization = key and f"Bearer {key}"
    return codes([await gate.admit(authorization, address) for _ in range(number)])


def codes(callers: Iterable[Caller]) -> list[str | None]:
    return [caller.refusal.code if caller.refusal else None for caller in callers]


@pytest.mark.parametrize(
    ("plan", "own", "limit"),
    [(Plan.PRO, None, 100), (Plan.BUSINESS, None, 500), (Plan.ENTERPRISE, None, 1000), (Plan.PRO, 3, 3)],
)
async def test_a_key_has_the_limit_of_its_plan_or_its_own(
    gate: Gate, ctx: Context, plan: Plan, own: int | None, limit: int
) -> None:
    key = await key_of(ctx)
    await set_plan(ctx, plan, own)

    caller = await gate.admit(f"Bearer {key}", HERE)

    assert caller.actor == caller.let_in()
    assert caller.actor is not None
    assert caller.actor.organization_id == ctx.organization_id
    assert (caller.allowance.limit, caller.allowance.remaining) == (limit, limit - 1)


async def test_each_key_has_a_limit_of_its_own_wherever_it_is_used(gate: Gate, ctx: Context) -> None:
    one, other = await key_of(ctx), await key_of(ctx)
    await set_plan(ctx, Plan.PRO, 2)

    assert await times(gate, 1, one) + await times(gate, 2, one, ELSEWHERE) == [None, None, "RATE_LIMITED"]
    assert await times(gate, 1, other) == [None]


@pytest.mark.parametrize("plan", [Plan.FREE, Plan.HOBBY])
async def test_a_plan_without_an_api_is_told_which_has_it_and_charged_to_the_address(
    gate: Gate, ctx: Context, plan: Plan
) -> None:
    key = await key_of(ctx)
    await set_plan(ctx, plan, 5_000)

    caller = await gate.admit(f"Bearer {key}", HERE)

    assert caller.refusal is not None
    assert (caller.refusal.code, caller.refusal.http_status) == ("PLAN_UPGRADE_REQUIRED", 403)
    assert caller.refusal.message == f"The {plan.title} plan has no API access; the Pro plan has it"
    assert (caller.actor, caller.bucket) == (None, (f"address:{HERE}", ANONYMOUS_PER_MINUTE))
    assert await models.ApiKey.filter(last_used_at__isnull=False).count() == 0


async def test_without_a_key_an_address_has_sixty_and_another_its_own(gate: Gate) -> None:
    assert await times(gate, 61, None) == [None] * 60 + ["RATE_LIMITED"]
    assert await times(gate, 1, None, ELSEWHERE) == [None]


async def test_wrong_keys_have_twenty(gate: Gate) -> None:
    told = [*await times(gate, 10, "nonsense"), *await times(gate, 11, new_key())]

    assert told == ["INVALID_API_KEY"] * WRONG_KEYS_PER_MINUTE + ["RATE_LIMITED"]


async def test_a_good_key_and_callers_without_one_do_not_pay_for_wrong_ones(gate: Gate, ctx: Context) -> None:
    key = await key_of(ctx)
    await times(gate, 30, new_key())

    assert await times(gate, 1, key) == [None]
    assert await times(gate, 1, None) == [None]


async def test_a_malformed_key_and_no_key_ask_the_database_nothing(gate: Gate, statements: Statements) -> None:
    with statements() as asked:
        await times(gate, 2, "is0k_live_typo")
        await times(gate, 2, None)

    assert asked == []


async def test_a_known_key_costs_one_statement(gate: Gate, ctx: Context, statements: Statements) -> None:
    key = await key_of(ctx)
    await times(gate, 1, key)

    with statements() as asked:
        await times(gate, 1, key)

    assert len(asked) == 1


async def test_a_deleted_key_is_refused_from_the_next_request_on(gate: Gate, ctx: Context) -> None:
    made = await create_api_key(ctx, CreateApiKeyInput(name="x"))
    assert await times(gate, 1, made.key) == [None]

    await delete_api_key(ctx, made.api_key.id)

    assert await times(gate, 1, made.key) == ["INVALID_API_KEY"]


async def test_in_the_next_minute_all_is_there_again(gate: Gate, ctx: Context, clock: FakeClock) -> None:
    key = await key_of(ctx)
    await set_plan(ctx, Plan.PRO, 1)
    assert await times(gate, 2, key) == [None, "RATE_LIMITED"]

    clock.move(60)

    assert await times(gate, 2, key) == [None, "RATE_LIMITED"]


async def test_who_is_refused_is_told_when_to_come_back(gate: Gate, ctx: Context, clock: FakeClock) -> None:
    key = await key_of(ctx)
    await set_plan(ctx, Plan.PRO, 1)
    clock.move(36.5)
    await times(gate, 1, key)

    caller = await gate.admit(f"Bearer {key}", HERE)

    assert caller.refusal is not None
    assert caller.refusal.message == "More than 1 requests a minute; try again in 24 s"
    assert caller.refusal.headers == {"Retry-After": "24"}


async def test_a_database_that_is_away_is_a_fault_of_ours_in_the_log_and_still_limited(gate: Gate) -> None:
    await database.close()

    with capture_logs() as log:
        told = await times(gate, ANONYMOUS_PER_MINUTE + 1, new_key())

    assert told == ["INTERNAL_ERROR"] * ANONYMOUS_PER_MINUTE + ["RATE_LIMITED"]
    assert {entry["event"] for entry in log} == {"request failed"}
