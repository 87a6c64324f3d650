from dataclasses import replace
from datetime import UTC, datetime

import strawberry

from is0k.schema import Check, CheckTimings, HttpSettings, Monitor, StatusPage
from is0k.schema.enums import CheckStatus, MonitorStatus, MonitorType, Reason
from is0k.schema.plain import field_names, plain
from is0k.schema.scalars import ExpectedStatus, StringMap
from is0k.tests.stage.people import http_settings

MOMENT = datetime(2026, 11, 23, 12, 0, 0, 1_000, tzinfo=UTC)

MONITOR = Monitor(
    number=7,
    id=strawberry.ID("mon_1"),
    name="Shop",
    type=MonitorType.HTTP,
    status=MonitorStatus.DEGRADED,
    paused=False,
    interval_seconds=60,
    timeout_seconds=10.0,
    retries=2,
    recovery_checks=1,
    degraded_after_ms=None,
    regions=[],
    alert_channel_ids=[strawberry.ID("chn_1")],
    tags=["prod", "eu"],
    assertions=[],
    settings=HttpSettings(url="https://shop.example", headers=StringMap({"X-A": "1"})),
    last_checked_at=MOMENT,
    last_status_change_at=None,
    last_latency_ms=12.5,
    last_reason=Reason.OK,
    last_message=None,
    created_at=MOMENT,
    updated_at=MOMENT,
)


def test_a_monitor_is_shown_with_its_settings_beside_the_other_fields() -> None:
    assert plain(MONITOR) == {
        "id": "mon_1",
        "name": "Shop",
        "type": "http",
        "status": "degraded",
        "paused": False,
        "intervalSeconds": 60,
        "timeoutSeconds": 10.0,
        "retries": 2,
        "recoveryChecks": 1,
        "degradedAfterMs": None,
        "regions": [],
        "alertChannelIds": ["chn_1"],
        "tags": ["prod", "eu"],
        "assertions": [],
        "url": "https://shop.example",
        "method": "GET",
        "expectedStatus": 200,
        "keyword": None,
        "keywordMode": "contains",
        "headers": {"X-A": "1"},
        "body": None,
        "basicAuth": None,
        "followRedirects": True,
        "verifyTls": True,
        "ipVersion": "any",
        "lastCheckedAt": "2026-11-23T12:00:00.001Z",
        "lastStatusChangeAt": None,
        "lastLatencyMs": 12.5,
        "lastReason": "ok",
        "lastMessage": None,
        "createdAt": "2026-11-23T12:00:00.001Z",
        "updatedAt": "2026-11-23T12:00:00.001Z",
    }


def test_the_expected_status_is_shown_the_way_it_was_given() -> None:
    settings = replace(http_settings(MONITOR), expected_status=ExpectedStatus(["204", "3xx"]))

    assert plain(replace(MONITOR, settings=settings))["expectedStatus"] == [204, "3xx"]


def test_a_check_is_shown_with_its_timings_inside_and_its_detail_as_it_is() -> None:
    check = Check(
        monitor_id=strawberry.ID("mon_1"),
        region="default",
        checked_at=MOMENT,
        status=CheckStatus.DOWN,
        latency_ms=1.0,
        status_code=503,
        reason=Reason.BAD_STATUS,
        message="status 503",
        attempt=1,
        timings=CheckTimings(dns_ms=0.5, connect_ms=None, tls_ms=None, first_byte_ms=1.0, total_ms=2.0),
        detail=strawberry.scalars.JSON({"redirects": ["a"], "snake_case": {"kept": True}}),
    )

    assert plain([check]) == [
        {
            "monitorId": "mon_1",
            "region": "default",
            "checkedAt": "2026-11-23T12:00:00.001Z",
            "status": "down",
            "latencyMs": 1.0,
            "statusCode": 503,
            "reason": "bad_status",
            "message": "status 503",
            "attempt": 1,
            "timings": {"dnsMs": 0.5, "connectMs": None, "tlsMs": None, "firstByteMs": 1.0, "totalMs": 2.0},
            "detail": {"redirects": ["a"], "snake_case": {"kept": True}},
        }
    ]


def test_values_without_a_noun_are_themselves() -> None:
    assert plain(None) is None
    assert plain([1, "a", None, MOMENT]) == [1, "a", None, "2026-11-23T12:00:00.001Z"]


def test_the_names_of_a_noun_are_those_rest_shows_and_of_the_settings_what_nobody_writes() -> None:
    shown = set(plain(MONITOR))

    assert field_names(Monitor) == (shown - set(plain(MONITOR.settings))) | {"pingUrl"}
    assert "number" not in shown


def test_the_names_of_nouns_in_a_list_stand_below_it() -> None:
    names = field_names(StatusPage)

    assert {"components", "components.position", "components.monitorIds", "url"} <= names
    assert not {"position", "monitorIds"} & names
