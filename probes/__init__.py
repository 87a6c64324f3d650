"""One file for each type of monitor, and the registry that knows them."""

from is0k.probes.base import Probe
from is0k.probes.dns import DnsProbe
from is0k.probes.http import HttpProbe
from is0k.probes.ping import PingProbe
from is0k.probes.tcp import TcpProbe
from is0k.probes.tls import TlsProbe
from is0k.schema.enums import MonitorType

PROBES: dict[MonitorType, type[Probe]] = {
    MonitorType.HTTP: HttpProbe,
    MonitorType.TCP: TcpProbe,
    MonitorType.DNS: DnsProbe,
    MonitorType.PING: PingProbe,
    MonitorType.TLS: TlsProbe,
}
