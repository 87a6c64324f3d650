"""From `Authorization: Bearer is0k_live_…` to who is asking."""

from datetime import datetime, timedelta
from uuid import UUID

from is0k.models.organization import find_key, touch_key
from is0k.resolvers.context import Actor
from is0k.schema.api_key import hash_key, is_well_formed
from is0k.schema.clock import Clock
from is0k.schema.enums import Plan, Scope
from is0k.schema.errors import InvalidApiKey, PlanUpgradeRequired
from is0k.schema.plans import API_PLAN, LIMITS

# last_used_at is for people who ask "is this key still in use?": one write an hour tells them.
COARSE = timedelta(hours=1)


async def authenticate(authorization: str | None, clock: Clock) -> Actor | None:
    """None without the header.

    Raises InvalidApiKey for a key that is malformed, unknown, deleted or expired, PlanUpgradeRequired for a good one
    of an organization whose plan has no API.
    """
    if not authorization:
        return None
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not is_well_formed(key.strip()):
        raise InvalidApiKey
    row = await find_key(hash_key(key.strip()))
    now = clock.now()
    expires_at = row and _datetime(row["expires_at"])
    if row is None or (expires_at and expires_at <= now):
        raise InvalidApiKey
    plan = Plan(row["plan"])
    if LIMITS[plan].requests_per_minute is None:
        raise PlanUpgradeRequired(f"The {plan.title} plan has no API access", API_PLAN)
    id, last_used_at = _uuid(row["id"]), _datetime(row["last_used_at"])
    if last_used_at is None or now - last_used_at > COARSE:
        await touch_key(id, now)
    return Actor(
        organization_id=_uuid(row["organization_id"]),
        scope=Scope(row["scope"]),
        key_id=id,
        plan=plan,
        rate_limit=row["rate_limit"],
    )


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))


def _datetime(value: datetime | str | None) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
