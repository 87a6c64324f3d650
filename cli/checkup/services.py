"""What is0k needs to run, and whether it runs."""

import asyncio
from datetime import timedelta
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from is0k import models
from is0k.cli.checkup.findings import Finding, Level, Surroundings
from is0k.models.database import DatabaseUnreachable, Migrations, Server, looked_at, server
from is0k.probes.canaries import Canary, Dial, Sign
from is0k.resolvers.regions import LONGEST_SILENCE
from is0k.schema.clock import Clock, milliseconds

REDIS_SECONDS = 5
# Checks are due to the second, and a claim is judged by the clock of who claims.
LARGE_SKEW_MS, LARGEST_SKEW_MS = 1_000, 10_000


async def database(here: Surroundings) -> list[Finding]:
    """And what it knows: its clock, and which workers are there."""
    if missing := _missing_file(here.settings.database):
        return [Finding("database", Level.WARNING, f"There is no database at {missing} yet.", "is0k up")]
    try:
        async with looked_at(here.settings) as migrations:
            return await _known_to(migrations, here)
    except DatabaseUnreachable as error:
        remedy = "start the database server, or mend IS0K_DATABASE_URL"
        return [Finding("database", Level.FAULT, f"{error}.", remedy)]


def _missing_file(url: str) -> Path | None:
    """Opening SQLite would make it."""
    kind, _, path = url.partition("://")
    return Path(path) if kind == "sqlite" and not Path(path).exists() else None


async def _known_to(migrations: Migrations, here: Surroundings) -> list[Finding]:
    began = milliseconds(here.clock.now())
    seen = await server()
    now = (began + milliseconds(here.clock.now())) // 2
    findings = [_migrated(migrations, seen), clock_finding(seen, now)]
    # Tables of another version may look otherwise.
    is_ours = not migrations.missing and not migrations.newer
    return findings + (await _regions(here.clock) if is_ours else [])


def _migrated(migrations: Migrations, seen: Server) -> Finding:
    if migrations.newer:
        message = f"A newer is0k has migrated the database: it has {migrations.newer[-1]}."
        return Finding("database", Level.FAULT, message, "run that version, or restore a backup")
    if not migrations.applied:
        return Finding("database", Level.WARNING, f"{seen.name} answers, and the database is empty.", "is0k migrate")
    if migrations.missing:
        message = f"The database is older than this program: it lacks {', '.join(migrations.missing)}."
        return Finding("database", Level.FAULT, message, "is0k migrate")
    return Finding("database", Level.OK, f"{seen.name} answers and is migrated to {migrations.applied[-1]}.")


def clock_finding(seen: Server, now_ms: int) -> Finding:
    if seen.now_ms is None:
        return Finding("clock", Level.OK, "The database is on this machine and has its clock.")
    skew_ms = now_ms - seen.now_ms
    if abs(skew_ms) < LARGE_SKEW_MS:
        return Finding("clock", Level.OK, f"This clock and the database's are {abs(skew_ms)} ms apart.")
    word = "ahead of" if skew_ms > 0 else "behind"
    level = Level.FAULT if abs(skew_ms) >= LARGEST_SKEW_MS else Level.WARNING
    message = f"This clock is {abs(skew_ms) / 1000:.1f} s {word} the database's: checks begin too early or too late."
    return Finding("clock", level, message, "sudo timedatectl set-ntp true (here and on the database's machine)")


async def _regions(clock: Clock) -> list[Finding]:
    silences = {
        region.name: _silence(region.last_seen_at, clock) for region in await models.Region.all().order_by("name")
    }
    if not silences:
        return [Finding("workers", Level.WARNING, "No worker has run yet: nothing is checked.", "is0k up")]
    is_anybody_there = any(silence is not None and silence <= LONGEST_SILENCE for silence in silences.values())
    return [_worker(name, silence, is_anybody_there) for name, silence in silences.items()]


def _silence(last_seen_at: int | None, clock: Clock) -> timedelta | None:
    return None if last_seen_at is None else timedelta(milliseconds=milliseconds(clock.now()) - last_seen_at)


def _worker(region: str, silence: timedelta | None, is_anybody_there: bool) -> Finding:
    name = f"workers of {region}"
    if silence is not None and silence <= LONGEST_SILENCE:
        return Finding(name, Level.OK, f"One spoke up {max(0, round(silence.total_seconds()))} s ago.")
    # Where others are at work, this may be a region nobody uses any more.
    level = Level.WARNING if is_anybody_there else Level.FAULT
    said = "None has spoken up yet" if silence is None else f"The last sign of life was {spoken(silence)} ago"
    remedy = f"is0k worker --region {region}" if is_anybody_there else f"is0k up, or is0k worker --region {region}"
    return Finding(name, level, f"{said}: nothing is checked from there.", remedy)


def spoken(silence: timedelta) -> str:
    minutes = round(silence.total_seconds() / 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


async def canaries(here: Surroundings) -> list[Finding]:
    """They tell trouble of this machine from trouble of what it watches."""
    named = [Canary.read(text) for text in here.settings.canaries]
    if not named:
        message = "There are none: when this network fails, all that is watched looks down."
        return [Finding("canaries", Level.WARNING, message, "unset IS0K_CANARIES, or name hosts of your own")]
    dial = Dial()
    try:
        signs = dict(zip(named, await asyncio.gather(*map(dial, named)), strict=True))
    finally:
        await dial.close()
    silent = [str(canary) for canary, sign in signs.items() if sign is not Sign.ANSWERS]
    if not silent:
        return [Finding("canaries", Level.OK, f"All {len(named)} answer.")]
    if len(silent) < len(named):
        message = f"{len(silent)} of {len(named)} do not answer: {', '.join(silent)}."
        return [Finding("canaries", Level.WARNING, message, "name others in IS0K_CANARIES")]
    message = "None answers. Until one has, is0k cannot tell when it is its own network that fails."
    return [Finding("canaries", Level.WARNING, message, "IS0K_CANARIES=192.168.1.1:53 (your gateway, say)")]


async def redis(here: Surroundings) -> list[Finding]:
    is_bundled = here.settings.redis_url is None
    try:
        client = Redis.from_url(here.settings.redis, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)
        async with client:
            await client.execute_command("PING")
    except (RedisError, OSError, ValueError) as error:
        if is_bundled:
            message = "The bundled Valkey is not running: it starts and ends with is0k."
            return [Finding("Redis", Level.WARNING, message, "is0k up")]
        message = f"The Redis that IS0K_REDIS_URL names does not answer: {error}"
        return [Finding("Redis", Level.FAULT, message, "start the Redis server, or mend IS0K_REDIS_URL")]
    return [Finding("Redis", Level.OK, f"{'The bundled Valkey' if is_bundled else 'Redis'} answers.")]
