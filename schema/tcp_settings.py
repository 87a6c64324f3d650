"""Settings of a `tcp` monitor."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

import strawberry

from is0k.schema.enums import IpVersion
from is0k.schema.faults import Fault
from is0k.schema.rules import Range, Text, rule
from is0k.schema.target_rules import Host, version_faults
from is0k.schema.typed_settings import as_input, as_patch

PORT = Range(1, 65_535)


@strawberry.type(description="Connect to a port. The latency is the time until it is open, or says what is expected.")
class TcpSettings:
    host: str = strawberry.field(metadata=rule(Host()))
    port: int = strawberry.field(metadata=rule(PORT, example=5432))
    tls: bool = strawberry.field(default=False, description="Encrypt the connection before anything is sent.")
    verify_tls: bool = strawberry.field(default=True, description="Verify the certificate's chain, name and dates.")
    send: str | None = strawberry.field(
        default=None,
        description="Sent once the connection is open, as it is: a protocol's line ends with \\r\\n.",
        metadata=rule(Text(1, 4_096, is_line=False)),
    )
    expect: str | None = strawberry.field(
        default=None,
        description="Text looked for in the first 64 KiB of the answer, letter case included.",
        metadata=rule(Text(1, 500, is_line=False)),
    )
    ip_version: IpVersion = IpVersion.ANY

    def faults(self) -> Iterator[Fault]:
        yield from version_faults(self.host, self.ip_version)


if TYPE_CHECKING:
    TcpSettingsInput: TypeAlias = TcpSettings
    TcpSettingsPatch: TypeAlias = TcpSettings
else:
    TcpSettingsInput, TcpSettingsPatch = as_input(TcpSettings), as_patch(TcpSettings)
