"""Settings of a `dns` monitor."""

from typing import TYPE_CHECKING, TypeAlias

import strawberry

from is0k.schema.enums import MatchMode, RecordType
from is0k.schema.rules import Each, Text, rule
from is0k.schema.target_rules import Host
from is0k.schema.typed_settings import as_input, as_patch


@strawberry.type(description="Ask a name server, every time anew. The latency is the time to its answer.")
class DnsSettings:
    host: str = strawberry.field(
        description="The name asked for; for PTR an IP address will do.", metadata=rule(Host())
    )
    record_type: RecordType = RecordType.A
    expected_values: list[str] = strawberry.field(
        default_factory=list,
        description="What must be answered, as `dig +short` prints it; empty: anything.",
        metadata=rule(Each(Text(1, 500), 50)),
    )
    match_mode: MatchMode = MatchMode.ANY
    resolver: str | None = strawberry.field(
        default=None, description="The name server's address, or address:port; null: those of the system."
    )


if TYPE_CHECKING:
    DnsSettingsInput: TypeAlias = DnsSettings
    DnsSettingsPatch: TypeAlias = DnsSettings
else:
    DnsSettingsInput, DnsSettingsPatch = as_input(DnsSettings), as_patch(DnsSettings)
