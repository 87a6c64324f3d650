"""Settings of a `tls` monitor."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

import strawberry

from is0k.schema.enums import IpVersion, StartTls
from is0k.schema.faults import Fault
from is0k.schema.rules import Each, Range, rule
from is0k.schema.target_rules import Host, version_faults
from is0k.schema.tcp_settings import PORT
from is0k.schema.typed_settings import as_input, as_patch

WARN_DAYS = Each(Range(1, 365, " days"), 10)


@strawberry.type(
    description="Verify a certificate: chain, name, dates; not whether it was revoked. "
    "The latency is the time to the end of the handshake."
)
class TlsSettings:
    host: str = strawberry.field(metadata=rule(Host()))
    port: int = strawberry.field(default=443, metadata=rule(PORT))
    server_name: str | None = strawberry.field(
        default=None, description="The name asked for and verified, where it is not `host`.", metadata=rule(Host())
    )
    warn_days: list[int] = strawberry.field(
        default_factory=lambda: [30, 14, 7, 1],
        description="Days before the expiry at which somebody should hear of it; from the first on it is degraded. "
        "Empty: nobody hears of it.",
        metadata=rule(WARN_DAYS),
    )
    start_tls: StartTls = StartTls.NONE
    ip_version: IpVersion = IpVersion.ANY

    def faults(self) -> Iterator[Fault]:
        yield from version_faults(self.host, self.ip_version)


if TYPE_CHECKING:
    TlsSettingsInput: TypeAlias = TlsSettings
    TlsSettingsPatch: TypeAlias = TlsSettings
else:
    TlsSettingsInput, TlsSettingsPatch = as_input(TlsSettings), as_patch(TlsSettings)
