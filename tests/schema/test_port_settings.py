"""Settings of `tcp` and `tls` monitors that do not fit each other."""

from typing import Any

import pytest
from strawberry import UNSET

from is0k.schema.enums import IpVersion
from is0k.schema.errors import ValidationFailed
from is0k.schema.rules import faults_of
from is0k.schema.tcp_settings import TcpSettings, TcpSettingsInput, TcpSettingsPatch
from is0k.schema.tls_settings import TlsSettings, TlsSettingsInput, TlsSettingsPatch
from is0k.schema.typed_settings import patch

INPUTS = [TcpSettingsInput, TlsSettingsInput]


def found(given: object) -> list[tuple[tuple[str | int, ...], str, str]]:
    return [(fault.path, fault.code, fault.message) for fault in faults_of(given)]


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize(
    ("host", "version"),
    [
        ("192.0.2.1", IpVersion.ANY),
        ("192.0.2.1", IpVersion.IPV4),
        ("2001:db8::1", IpVersion.IPV6),
        ("db.example.com", IpVersion.IPV4),
        ("db.example.com", IpVersion.IPV6),
    ],
)
def test_a_host_fits_the_version_of_its_address(kind: Any, host: str, version: IpVersion) -> None:
    assert found(kind(host=host, port=25, ip_version=version)) == []


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize(
    ("host", "version", "own"),
    [("192.0.2.1", IpVersion.IPV6, "IPv4"), ("2001:db8::1", IpVersion.IPV4, "IPv6")],
)
def test_an_address_of_the_other_version_is_refused(kind: Any, host: str, version: IpVersion, own: str) -> None:
    refused = (("ip_version",), "CONFLICT", f"The host is an {own} address")

    assert found(kind(host=host, port=25, ip_version=version)) == [refused]


@pytest.mark.parametrize("kind", INPUTS)
def test_a_host_that_is_faulty_by_itself_is_told_once(kind: Any) -> None:
    assert [code for _, code, _ in found(kind(host="a..b", port=25, ip_version=IpVersion.IPV4))] == ["BAD_HOST"]
    assert found(kind(host=UNSET, port=25, ip_version=IpVersion.IPV4)) == []


@pytest.mark.parametrize(
    ("current", "changes"),
    [
        (TcpSettings(host="db.example.com", port=25, ip_version=IpVersion.IPV4), TcpSettingsPatch),
        (TlsSettings(host="db.example.com", ip_version=IpVersion.IPV4), TlsSettingsPatch),
    ],
)
def test_an_edit_of_one_of_the_two_is_judged_with_the_other(current: Any, changes: Any) -> None:
    with pytest.raises(ValidationFailed) as refused:
        patch(current, changes(host="2001:db8::1"), ("settings",))

    assert [(fault.path, fault.code) for fault in refused.value.faults] == [(("settings", "ip_version"), "CONFLICT")]
