"""Settings of a `ping` monitor."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

import strawberry

from is0k.schema.enums import IpVersion
from is0k.schema.faults import Fault
from is0k.schema.rules import Range, rule
from is0k.schema.target_rules import Host, version_of_address
from is0k.schema.typed_settings import as_input, as_patch

OTHER = {IpVersion.IPV4: IpVersion.IPV6, IpVersion.IPV6: IpVersion.IPV4}


@strawberry.type(description="Send ICMP echo requests. The latency is the mean round trip of those that came back.")
class PingSettings:
    host: str = strawberry.field(metadata=rule(Host()))
    packets: int = strawberry.field(default=4, metadata=rule(Range(1, 20)))
    max_packet_loss_percent: int = strawberry.field(
        default=50, description="More loss than that is down.", metadata=rule(Range(0, 99, " %"))
    )
    ip_version: IpVersion = IpVersion.ANY

    def faults(self) -> Iterator[Fault]:
        version = version_of_address(self.host)
        if version and self.ip_version is OTHER[version]:
            yield Fault(("ip_version",), "NOT_ALLOWED", "The host is an address of the other IP version")


if TYPE_CHECKING:
    PingSettingsInput: TypeAlias = PingSettings
    PingSettingsPatch: TypeAlias = PingSettings
else:
    PingSettingsInput, PingSettingsPatch = as_input(PingSettings), as_patch(PingSettings)
