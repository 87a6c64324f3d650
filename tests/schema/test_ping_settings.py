import pytest

from is0k.schema.enums import IpVersion
from is0k.schema.errors import ValidationFailed
from is0k.schema.ping_settings import PingSettings, PingSettingsInput, PingSettingsPatch
from is0k.schema.rules import faults_of
from is0k.schema.typed_settings import patch

ANY, V4, V6 = IpVersion.ANY, IpVersion.IPV4, IpVersion.IPV6


def found(settings: object) -> dict[str, str]:
    return {".".join(map(str, fault.path)): fault.code for fault in faults_of(settings)}


@pytest.mark.parametrize(
    ("host", "version"),
    [
        ("db.example.com", V4),
        ("db.example.com", V6),
        ("192.0.2.1", ANY),
        ("192.0.2.1", V4),
        ("2001:db8::1", V6),
        ("::ffff:192.0.2.1", V4),
    ],
)
def test_a_host_fits_the_ip_version(host: str, version: IpVersion) -> None:
    assert found(PingSettingsInput(host=host, ip_version=version)) == {}


@pytest.mark.parametrize(("host", "version"), [("192.0.2.1", V6), ("2001:db8::1", V4), ("::ffff:192.0.2.1", V6)])
def test_an_address_of_the_other_ip_version_is_refused(host: str, version: IpVersion) -> None:
    assert found(PingSettingsInput(host=host, ip_version=version)) == {"ip_version": "NOT_ALLOWED"}


def test_every_fault_is_told_at_once() -> None:
    given = PingSettingsInput(host="a b", packets=21, max_packet_loss_percent=100)

    assert found(given) == {
        "host": "BAD_HOST",
        "packets": "OUT_OF_RANGE",
        "max_packet_loss_percent": "OUT_OF_RANGE",
    }


def test_a_change_is_judged_with_what_is_stored() -> None:
    stored, change = PingSettings(host="db.example.com", ip_version=V6), PingSettingsPatch(host="192.0.2.1")

    assert found(change) == {}
    with pytest.raises(ValidationFailed) as refused:
        patch(stored, change, ("settings",))
    assert [fault.path for fault in refused.value.faults] == [("settings", "ip_version")]
