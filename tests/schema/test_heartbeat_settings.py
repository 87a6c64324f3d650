"""What the settings of a heartbeat may say."""

from typing import Any

import pytest

from is0k.schema.errors import ValidationFailed
from is0k.schema.heartbeat_settings import HeartbeatSettings, HeartbeatSettingsInput, HeartbeatSettingsPatch
from is0k.schema.rules import faults_of
from is0k.schema.typed_settings import dump, load, patch

HOURLY = HeartbeatSettings(period_seconds=3600)


def found(value: object) -> dict[str, str]:
    return {".".join(fault.field): fault.code for fault in faults_of(value)}


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"period_seconds": 30}, {}),
        ({"period_seconds": 31_536_000, "grace_seconds": 0}, {}),
        ({"cron": "0 3 * * *", "timezone": "Europe/Berlin"}, {}),
        ({}, {"periodSeconds": "CONFLICT"}),
        ({"period_seconds": 60, "cron": "0 3 * * *"}, {"periodSeconds": "CONFLICT"}),
        ({"period_seconds": 29}, {"periodSeconds": "OUT_OF_RANGE"}),
        ({"period_seconds": 60, "grace_seconds": -1}, {"graceSeconds": "OUT_OF_RANGE"}),
        ({"cron": "0 0 3 * * *"}, {"cron": "BAD_CRON"}),
        ({"cron": "0 3 * * *", "timezone": "Mars/Olympus"}, {"timezone": "UNKNOWN_TIMEZONE"}),
    ],
)
def test_a_schedule_is_a_period_or_a_cron_line(fields: dict[str, Any], faults: dict[str, str]) -> None:
    assert found(HeartbeatSettingsInput(**fields)) == faults


@pytest.mark.parametrize("fields", [{}, {"cron": "0 3 * * *"}, {"period_seconds": None}, {"grace_seconds": 60}])
def test_a_patch_is_not_held_to_what_it_is_silent_about(fields: dict[str, Any]) -> None:
    assert found(HeartbeatSettingsPatch(**fields)) == {}


def test_a_patch_that_says_both_is_refused_before_anything_is_read() -> None:
    assert found(HeartbeatSettingsPatch(period_seconds=60, cron="0 3 * * *")) == {"periodSeconds": "CONFLICT"}


def test_a_period_gives_way_to_a_cron_line_when_it_is_cleared() -> None:
    changed = patch(HOURLY, HeartbeatSettingsPatch(period_seconds=None, cron="0 3 * * *"), ("settings",))

    assert (changed.period_seconds, changed.cron) == (None, "0 3 * * *")


@pytest.mark.parametrize("fields", [{"cron": "0 3 * * *"}, {"period_seconds": None}])
def test_a_patch_that_leaves_two_schedules_or_none_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationFailed) as refused:
        patch(HOURLY, HeartbeatSettingsPatch(**fields), ("settings", "heartbeat"))

    [fault] = refused.value.faults
    assert (fault.field, fault.code) == (["settings", "heartbeat", "periodSeconds"], "CONFLICT")


def test_the_ping_url_is_neither_written_nor_stored() -> None:
    shown = HeartbeatSettings(period_seconds=3600, ping_url="https://is0k.example/ping/t")

    stored, secret = dump(shown)

    assert "ping_url" not in stored and secret == {}
    assert load(HeartbeatSettings, stored) == HOURLY
    for kind in (HeartbeatSettingsInput, HeartbeatSettingsPatch):
        assert "ping_url" not in kind.__dataclass_fields__
