"""Settings of a `dns` monitor."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

import strawberry

from is0k.schema.dns_records import record_fault
from is0k.schema.enums import MatchMode, RecordType
from is0k.schema.faults import Fault
from is0k.schema.rules import Each, Text, rule
from is0k.schema.target_rules import Host, NameServer, is_ip, is_reverse_name
from is0k.schema.typed_settings import as_input, as_patch


@strawberry.type(description="Ask a name server, every time anew. The latency is the time to its answer.")
class DnsSettings:
    host: str = strawberry.field(
        description="The name asked for, always taken as it is; for PTR an IP address.", metadata=rule(Host())
    )
    record_type: RecordType = RecordType.A
    expected_values: list[str] = strawberry.field(
        default_factory=list,
        description="What must be answered, as `dig +short` prints it; empty: anything. "
        "Letter case and final dot of names and the quotes of a text make no difference.",
        metadata=rule(Each(Text(1, 1_000), 50)),
    )
    match_mode: MatchMode = MatchMode.ANY
    resolver: str | None = strawberry.field(
        default=None,
        description="The name server's address, or address:port; null: those of the system.",
        metadata=rule(NameServer()),
    )

    def faults(self) -> Iterator[Fault]:
        yield from record_type_faults(self.record_type, self.host, self.expected_values)


def record_type_faults(record_type: object, host: object, expected_values: object) -> Iterator[Fault]:
    """Of what a patch does not say, and of what is faulty by itself, nothing is known."""
    if not isinstance(record_type, RecordType):
        return
    if isinstance(host, str):
        yield from host_faults(host, record_type)
    for index, value in enumerate(expected_values if isinstance(expected_values, list) else ()):
        if message := record_fault(record_type, value):
            yield Fault(("expected_values", index), "BAD_RECORD", message)


def host_faults(host: str, record_type: RecordType) -> Iterator[Fault]:
    if record_type is not RecordType.PTR and is_ip(host):
        message = f"Must be a name: an IP address has no {record_type.value} record (PTR finds its name)"
        yield Fault(("host",), "NOT_ALLOWED", message)
    # RFC 6763 §4: services are found by PTR records of names such as _http._tcp.example.com.
    if record_type is RecordType.PTR and not (is_ip(host) or is_reverse_name(host) or host.startswith("_")):
        yield Fault(("host",), "NOT_ALLOWED", "For PTR, must be an IP address such as 192.0.2.1")


if TYPE_CHECKING:
    DnsSettingsInput: TypeAlias = DnsSettings
    DnsSettingsPatch: TypeAlias = DnsSettings
else:
    DnsSettingsInput, DnsSettingsPatch = as_input(DnsSettings), as_patch(DnsSettings)
