"""What `is0k doctor` says of database, clock, workers and Redis."""

import socket
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from is0k.cli.checkup import services
from is0k.cli.checkup.findings import Finding, Level, Surroundings
from is0k.models import database
from is0k.models.region import region_number, touch_region
from is0k.models.sql import execute
from is0k.settings import Settings
from is0k.tests.probes.site import full_backlog
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.valkey import Valkey

pytestmark = pytest.mark.anyio

NEWEST = "0004_checks"
MOMENT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> FakeClock:
    """Goes with the database's, which is a real one."""
    return FakeClock(datetime.now(UTC))


@pytest.fixture
def here(settings: Settings, clock: FakeClock) -> Surroundings:
    return Surroundings(settings, clock)


async def found(here: Surroundings, name: str) -> Finding:
    [finding] = [each for each in await services.database(here) if each.name == name]
    return finding


async def spoke_up(here: Surroundings, region: str, seconds_ago: float | None) -> None:
    """A worker of the region; None: it never did."""
    async with database.opened(here.settings):
        number = await region_number(region)
        if seconds_ago is not None:
            at = here.clock.now() - timedelta(seconds=seconds_ago)
            await touch_region(number, int(at.timestamp() * 1000), "1.2.3")


async def change_migrations(here: Surroundings, statement: str, *values: object) -> None:
    async with database.opened(here.settings):
        await execute(statement, *values)


async def test_a_migrated_database_is_well(here: Surroundings) -> None:
    finding = await found(here, "database")

    assert (finding.level, finding.remedy) == (Level.OK, None)
    assert finding.message.endswith(f" answers and is migrated to {NEWEST}.")
    assert finding.message.startswith(("SQLite 3.", "PostgreSQL 1"))


async def test_looking_makes_no_secret_key(here: Surroundings) -> None:
    before = {path.name for path in here.settings.data_dir.iterdir()}

    await services.database(here)

    assert {path.name for path in here.settings.data_dir.iterdir()} == before


async def test_a_database_that_is_not_there_is_not_made(tmp_path: Path, clock: FakeClock) -> None:
    folder = tmp_path / "new"

    findings = await services.database(Surroundings(Settings(data_dir=folder), clock))

    message = f"There is no database at {folder / 'is0k.db'} yet."
    assert findings == [Finding("database", Level.WARNING, message, "is0k up")]
    assert not folder.exists()


async def test_an_empty_database_wants_to_be_migrated(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "is0k.db").touch()

    finding, clock_finding = await services.database(Surroundings(Settings(data_dir=tmp_path), clock))

    assert (finding.level, finding.remedy) == (Level.WARNING, "is0k migrate")
    assert finding.message.endswith("answers, and the database is empty.")
    assert clock_finding.name == "clock"


async def test_an_older_database_is_a_fault_and_names_what_it_lacks(here: Surroundings) -> None:
    await change_migrations(here, "DELETE FROM tortoise_migrations WHERE name = $1", NEWEST)
    try:
        finding = await found(here, "database")
    finally:
        await change_migrations(
            here, "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('models', $1, $2)", NEWEST, MOMENT
        )

    message = f"The database is older than this program: it lacks {NEWEST}."
    assert finding == Finding("database", Level.FAULT, message, "is0k migrate")


async def test_a_newer_database_is_a_fault(here: Surroundings) -> None:
    await change_migrations(
        here, "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('models', '9999_next', $1)", MOMENT
    )
    try:
        finding = await found(here, "database")
    finally:
        await change_migrations(here, "DELETE FROM tortoise_migrations WHERE name = '9999_next'")

    message = "A newer is0k has migrated the database: it has 9999_next."
    assert finding == Finding("database", Level.FAULT, message, "run that version, or restore a backup")


async def test_a_database_that_does_not_answer_is_a_fault(tmp_path: Path, clock: FakeClock) -> None:
    settings = Settings(data_dir=tmp_path, database_url="postgres://me:pass-word@127.0.0.1:1/is0k")

    [finding] = await services.database(Surroundings(settings, clock))

    assert finding.level is Level.FAULT
    assert finding.message.startswith("The database does not answer: ")
    assert finding.remedy == "start the database server, or mend IS0K_DATABASE_URL"


async def test_the_clock_is_that_of_the_database(here: Surroundings) -> None:
    finding = await found(here, "clock")

    assert (finding.level, finding.remedy) == (Level.OK, None)


@pytest.mark.parametrize(
    ("ahead_ms", "level", "words"),
    [
        (999, Level.OK, "This clock and the database's are 999 ms apart."),
        (-999, Level.OK, "This clock and the database's are 999 ms apart."),
        (1_500, Level.WARNING, "This clock is 1.5 s ahead of the database's: checks begin too early or too late."),
        (-12_000, Level.FAULT, "This clock is 12.0 s behind the database's: checks begin too early or too late."),
    ],
)
def test_a_clock_that_goes_wrong_is_told(ahead_ms: int, level: Level, words: str) -> None:
    finding = services.clock_finding(database.Server("PostgreSQL 16", 1_000_000), 1_000_000 + ahead_ms)

    assert (finding.level, finding.message) == (level, words)
    assert (finding.remedy is None) is (level is Level.OK)


async def test_before_the_first_start_no_worker_is_there(here: Surroundings) -> None:
    message = "No worker has run yet: nothing is checked."

    assert await found(here, "workers") == Finding("workers", Level.WARNING, message, "is0k up")


async def test_a_worker_that_spoke_up_lately_is_well(here: Surroundings) -> None:
    await spoke_up(here, "eu", 59)

    assert await found(here, "workers of eu") == Finding("workers of eu", Level.OK, "One spoke up 59 s ago.")


async def test_a_silent_region_beside_one_that_works_is_warned_of(here: Surroundings) -> None:
    await spoke_up(here, "eu", 5)
    await spoke_up(here, "us", 3 * 3600)
    await spoke_up(here, "asia", None)

    us, asia = await found(here, "workers of us"), await found(here, "workers of asia")

    message = "The last sign of life was 3 h ago: nothing is checked from there."
    assert us == Finding("workers of us", Level.WARNING, message, "is0k worker --region us")
    assert (asia.level, asia.message) == (
        Level.WARNING,
        "None has spoken up yet: nothing is checked from there.",
    )


async def test_no_worker_at_all_is_a_fault(here: Surroundings) -> None:
    await spoke_up(here, "eu", 61)

    finding = await found(here, "workers of eu")

    message = "The last sign of life was 1 min ago: nothing is checked from there."
    assert finding == Finding("workers of eu", Level.FAULT, message, "is0k up, or is0k worker --region eu")


@pytest.mark.parametrize(
    ("silence", "words"),
    [
        (timedelta(seconds=61), "1 min"),
        (timedelta(minutes=119), "119 min"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=9), "9 days"),
    ],
)
def test_a_silence_is_told_in_round_numbers(silence: timedelta, words: str) -> None:
    assert services.spoken(silence) == words


async def test_a_redis_that_answers_is_well(tmp_path: Path, valkey: Valkey) -> None:
    findings = await services.redis(Surroundings(Settings(data_dir=tmp_path, redis_url=valkey.url)))

    assert findings == [Finding("Redis", Level.OK, "Redis answers.")]


@pytest.mark.parametrize("url", ["redis://:pass-word@127.0.0.1:1", "unix:///nowhere", "nonsense"])
async def test_a_redis_that_was_named_and_does_not_answer_is_a_fault(tmp_path: Path, url: str) -> None:
    [finding] = await services.redis(Surroundings(Settings(data_dir=tmp_path, redis_url=url)))

    assert finding.level is Level.FAULT
    assert finding.message.startswith("The Redis that IS0K_REDIS_URL names does not answer: ")
    assert finding.remedy == "start the Redis server, or mend IS0K_REDIS_URL"


async def test_the_bundled_valkey_starts_with_is0k(tmp_path: Path) -> None:
    [finding] = await services.redis(Surroundings(Settings(data_dir=tmp_path)))

    message = "The bundled Valkey is not running: it starts and ends with is0k."
    assert finding == Finding("Redis", Level.WARNING, message, "is0k up")


@pytest.mark.parametrize(
    ("answering", "silent", "level", "message"),
    [
        (0, 0, Level.WARNING, "There are none: when this network fails, all that is watched looks down."),
        (2, 0, Level.OK, "All 2 answer."),
        (1, 1, Level.WARNING, "1 of 2 do not answer: {}."),
        (0, 1, Level.WARNING, "None answers. Until one has, is0k cannot tell when it is its own network that fails."),
    ],
)
async def test_canaries_are_asked_whether_they_answer(
    here: Surroundings, answering: int, silent: int, level: Level, message: str
) -> None:
    with ExitStack() as stack:
        open_at = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(answering)]
        ports = [server.getsockname()[1] for server in open_at]
        ports += [stack.enter_context(full_backlog("127.0.0.1")) for _ in range(silent)]
        places = [f"127.0.0.1:{port}" for port in ports]
        settings = here.settings.model_copy(update={"canaries": tuple(places)})
        [finding] = await services.canaries(replace(here, settings=settings))

    assert (finding.name, finding.level) == ("canaries", level)
    assert finding.message == message.format(", ".join(places[answering:]))
