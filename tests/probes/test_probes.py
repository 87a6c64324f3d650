import inspect

import pytest

from is0k.probes import PROBES
from is0k.probes.base import Probe
from is0k.probes.guard import Guard
from is0k.schema.enums import MonitorType

pytestmark = pytest.mark.anyio


def test_every_type_of_monitor_has_a_probe_unless_its_job_calls_us() -> None:
    assert set(PROBES) == set(MonitorType) - {MonitorType.HEARTBEAT}


@pytest.mark.parametrize("probe", PROBES.values())
def test_every_probe_runs_and_closes_as_the_protocol_says(probe: type[Probe]) -> None:
    assert list(inspect.signature(probe.run).parameters) == ["self", "settings", "timeout_seconds", "wants_body"]
    assert inspect.iscoroutinefunction(probe.run)
    assert inspect.iscoroutinefunction(probe.close)


@pytest.mark.parametrize("probe", PROBES.values())
async def test_every_probe_is_made_of_a_guard_alone(probe: type[Probe]) -> None:
    await probe(Guard()).close()
