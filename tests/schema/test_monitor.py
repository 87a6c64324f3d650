"""What a monitor's and a span's inputs may say together."""

from datetime import UTC, datetime, timedelta

import pytest

from is0k.schema import CreateMonitorInput, MonitorSettingsInput, Period, StatsRange, UpdateMonitorInput
from is0k.schema.enums import HttpMethod, Scope
from is0k.schema.http_settings import HttpSettings
from is0k.schema.monitor import default_timeout_seconds
from is0k.schema.rules import faults_of

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def found(value: object) -> dict[str, str]:
    return {".".join(fault.field): fault.code for fault in faults_of(value)}


@pytest.mark.parametrize(("interval", "timeout"), [(5, 2.5), (10, 5), (20, 10), (60, 10), (86_400, 10)])
def test_the_default_time_out_is_ten_seconds_or_half_the_interval(interval: int, timeout: float) -> None:
    assert default_timeout_seconds(interval) == timeout


def new(**fields: object) -> CreateMonitorInput:
    settings = MonitorSettingsInput(http=HttpSettings(url="https://shop.example"))
    return CreateMonitorInput(name="Shop", settings=settings, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "least", "most", "step", "name"),
    [
        ("interval_seconds", 5, 86_400, 1, "intervalSeconds"),
        ("timeout_seconds", 0.5, 30, 0.1, "timeoutSeconds"),
        ("retries", 0, 10, 1, "retries"),
        ("recovery_checks", 1, 10, 1, "recoveryChecks"),
        ("degraded_after_ms", 1, 30_000, 1, "degradedAfterMs"),
    ],
)
def test_each_number_has_its_range(field: str, least: float, most: float, step: float, name: str) -> None:
    assert found(new(**{field: least})) == found(new(**{field: most})) == {}
    assert found(new(**{field: least - step})) == found(new(**{field: most + step})) == {name: "OUT_OF_RANGE"}


def test_a_time_out_may_be_as_long_as_the_interval_and_no_longer() -> None:
    assert found(new(interval_seconds=10, timeout_seconds=10.0)) == {}
    assert found(new(interval_seconds=10, timeout_seconds=10.1)) == {"timeoutSeconds": "OUT_OF_RANGE"}
    assert found(UpdateMonitorInput(interval_seconds=10, timeout_seconds=10.1)) == {"timeoutSeconds": "OUT_OF_RANGE"}


def test_an_edit_that_says_nothing_has_no_faults() -> None:
    assert found(UpdateMonitorInput()) == {}


def test_only_the_name_cannot_be_cleared() -> None:
    cleared = UpdateMonitorInput(
        name=None, interval_seconds=None, timeout_seconds=None, retries=None, regions=None, tags=None, paused=None
    )

    assert found(cleared) == {"name": "REQUIRED"}


def test_a_head_request_has_no_body_either_way() -> None:
    settings = HttpSettings(url="https://a.example", method=HttpMethod.HEAD, body="x", keyword="ok")

    assert found(settings) == {"body": "NOT_ALLOWED", "keyword": "NOT_ALLOWED"}
    assert found(HttpSettings(url="https://a.example", method=HttpMethod.HEAD)) == {}


@pytest.mark.parametrize(
    ("period", "length"),
    [
        (Period.HOUR_24, DAY),
        (Period.DAY_7, 7 * DAY),
        (Period.DAY_30, 30 * DAY),
        (Period.DAY_90, 90 * DAY),
        (Period.DAY_365, 365 * DAY),
        (None, DAY),
    ],
)
def test_a_period_ends_now(period: Period | None, length: timedelta) -> None:
    assert StatsRange(period=period).span(NOW) == (NOW - length, NOW)


def test_a_span_without_its_end_ends_now() -> None:
    assert StatsRange(from_=NOW - DAY).span(NOW) == (NOW - DAY, NOW)


def test_a_span_never_reaches_into_the_future() -> None:
    assert StatsRange(from_=NOW - DAY, to=NOW + DAY).span(NOW) == (NOW - DAY, NOW)


@pytest.mark.parametrize(
    ("range", "faults"),
    [
        (StatsRange(), {}),
        (StatsRange(from_=NOW, to=NOW + DAY, buckets=400), {}),
        (StatsRange(period=Period.DAY_7, from_=NOW), {"period": "CONFLICT"}),
        (StatsRange(period=Period.DAY_7, to=NOW), {"period": "CONFLICT", "from": "REQUIRED"}),
        (StatsRange(to=NOW), {"from": "REQUIRED"}),
        (StatsRange(from_=NOW, to=NOW), {"to": "OUT_OF_RANGE"}),
        (StatsRange(from_=NOW + DAY, to=NOW), {"to": "OUT_OF_RANGE"}),
        (StatsRange(buckets=0), {"buckets": "OUT_OF_RANGE"}),
        (StatsRange(buckets=401), {"buckets": "OUT_OF_RANGE"}),
    ],
)
def test_a_span_is_a_period_or_two_ends_in_order(range: StatsRange, faults: dict[str, str]) -> None:
    assert found(range) == faults


def test_a_scope_includes_those_before_it() -> None:
    included = {scope: [other for other in Scope if scope.includes(other)] for scope in Scope}

    assert included == {
        Scope.READ: [Scope.READ],
        Scope.WRITE: [Scope.READ, Scope.WRITE],
        Scope.ADMIN: [Scope.READ, Scope.WRITE, Scope.ADMIN],
    }
