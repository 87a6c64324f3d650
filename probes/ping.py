"""The `ping` monitor: ICMP echo requests to one address of a host, and how many of them come back."""

import asyncio
import errno
import logging
from dataclasses import dataclass, field
from ipaddress import ip_address
from time import perf_counter
from typing import Any

from aiohttp.abc import AbstractResolver

from is0k.probes.base import Facts, Outcome
from is0k.probes.dialer import FAMILY, WATCH, Dialer, ThreadResolver, Watch, milliseconds, time_out
from is0k.probes.failures import OURS, Failure, connect_failure
from is0k.probes.guard import Guard, plain
from is0k.probes.icmp import Answer, Back, Broken, Echo, Icmp
from is0k.probes.icmp_packets import Refusal
from is0k.probes.icmp_socket import NoRight
from is0k.schema.enums import CheckStatus, IpVersion, Reason
from is0k.schema.ping_settings import PingSettings
from is0k.schema.target_rules import ascii_host

logger = logging.getLogger(__name__)

# Many hosts answer no more than a few echo requests a second of one sender (Linux: net.ipv4.icmp_ratelimit).
LONGEST_GAP_SECONDS = 0.2
# So much of the time-out is left for the last echo to come back.
WAITING_SHARE = 0.5
# How soon to try again when the system has no room for one more packet.
NO_ROOM_SECONDS = 0.005
NO_ROOM = (errno.EAGAIN, errno.ENOBUFS)

NO_RIGHT = "this process may not send echo requests; `is0k doctor` tells how to allow it"


class PingProbe:
    """What is measured: `latency_ms` is the mean round trip of the echoes that came back; `total_ms` covers the whole
    check, the waits between the requests too.
    """

    def __init__(self, guard: Guard, resolver: AbstractResolver | None = None, *, icmp: Icmp | None = None) -> None:
        self._resolver = resolver or ThreadResolver()
        self._dialer = Dialer(guard, self._resolver)
        self._icmp = icmp or Icmp()

    async def run(self, settings: PingSettings, timeout_seconds: float, wants_body: bool = False) -> Outcome:
        volley = Volley(settings, timeout_seconds)
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._ping(volley)
        except TimeoutError:
            # Where it was the loop that was late, replies may have been in time.
            self._icmp.catch_up()
            volley.run_out()
        except Failure as failure:
            volley.failure = failure
        except Exception:
            logger.exception("The ping probe failed")
            volley.failure = Failure(Reason.INTERNAL_ERROR, "the check failed inside is0k; the log says why")
        finally:
            volley.forget()
        return volley.outcome()

    async def close(self) -> None:
        self._icmp.close()
        await self._resolver.close()

    async def _ping(self, volley: "Volley") -> None:
        volley.ip = await self._address(volley.settings, volley.watch)
        volley.watch.doing = f"sending echo requests to {volley.ip}"
        gap = volley.gap_seconds()
        for sequence in range(volley.settings.packets):
            if sequence:
                await asyncio.sleep(gap)
            await self._send(volley, sequence)
        await volley.complete()

    async def _address(self, settings: PingSettings, watch: Watch) -> str:
        """The first that may be asked: the system has sorted them by what it would reach best (RFC 6724)."""
        watch.ip_version = settings.ip_version
        WATCH.set(watch)
        host = to_ascii(settings.host)
        for *_, address in await self._dialer.addresses(host, 0, watch):
            ip = plain(ip_address(address[0]))
            if settings.ip_version is IpVersion.ANY or FAMILY[settings.ip_version] == FAMILY[version_of(ip.version)]:
                return str(ip)
        raise Failure(Reason.DNS_ERROR, f"{host} has no address of the IP version asked for")

    async def _send(self, volley: "Volley", sequence: int) -> None:
        while True:
            try:
                volley.echoes.append(self._icmp.send(volley.ip, sequence, volley.hear))
            except NoRight:
                raise Failure(Reason.INTERNAL_ERROR, NO_RIGHT) from None
            except OSError as error:
                if error.errno not in NO_ROOM:
                    raise send_failure(volley.ip, error) from error
                await asyncio.sleep(NO_ROOM_SECONDS)
            else:
                return


def to_ascii(host: str) -> str:
    try:
        return ascii_host(host)
    except ValueError:
        raise Failure(Reason.DNS_ERROR, f"name does not resolve: {host}") from None


def version_of(number: int) -> IpVersion:
    return IpVersion.IPV4 if number == 4 else IpVersion.IPV6


def send_failure(ip: str, error: OSError) -> Failure:
    if error.errno in (errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT):
        version = "IPv6" if ":" in ip else "IPv4"
        return Failure(Reason.INTERNAL_ERROR, f"this machine has no {version} to send echo requests with")
    return connect_failure(ip, error)


@dataclass(slots=True)
class Volley:
    """One check under way: what was sent, and what was heard of it."""

    settings: PingSettings
    timeout_seconds: float
    watch: Watch = field(default_factory=Watch)
    ip: str = ""
    echoes: list[Echo] = field(default_factory=list)
    rtts_ms: list[float] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    failure: Failure | None = None
    complete_when_heard: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, answer: Answer) -> None:
        match answer:
            case Back(seconds):
                self.rtts_ms.append(seconds * 1000)
            case Refusal():
                self.refusals.append(answer)
            case Broken(message):
                self.failure = Failure(Reason.INTERNAL_ERROR, message)
        if self.failure or len(self.rtts_ms) + len(self.refusals) == self.settings.packets:
            self.complete_when_heard.set()

    async def complete(self) -> None:
        await self.complete_when_heard.wait()

    def gap_seconds(self) -> float:
        """Short enough that all are sent when half of the time that is left has passed."""
        left = self.timeout_seconds - (perf_counter() - self.watch.begun)
        return min(LONGEST_GAP_SECONDS, max(0.0, left) * WAITING_SHARE / self.settings.packets)

    def run_out(self) -> None:
        """Of time. What has not come back by now is lost; that is a failure only if nothing was sent."""
        if self.echoes or self.failure:
            return
        if self.ip:
            self.failure = Failure(Reason.INTERNAL_ERROR, OURS[errno.ENOBUFS])
        else:
            self.failure = time_out(self.watch, self.timeout_seconds)

    def forget(self) -> None:
        for echo in self.echoes:
            echo.forget()

    @property
    def loss_percent(self) -> float | None:
        """None where there is nothing to tell: nothing was sent, or it is not known what became of it."""
        sent = len(self.echoes)
        return round(100 * (sent - len(self.rtts_ms)) / sent, 1) if sent and not self.failure else None

    def outcome(self) -> Outcome:
        total_ms = milliseconds(self.watch.begun, perf_counter())
        failure = self.failure or self._judge()
        return Outcome(
            status=failure.status if failure else CheckStatus.UP,
            reason=failure.reason if failure else Reason.OK,
            message=failure.message if failure else None,
            latency_ms=self._mean_ms(),
            timings=self.watch.timings(total_ms),
            detail=self._detail(),
            facts=Facts(packet_loss_percent=self.loss_percent, address=self.ip or None),
        )

    def _judge(self) -> Failure | None:
        sent, received = len(self.echoes), len(self.rtts_ms)
        if not received:
            if self.refusals:
                return Failure(Reason.CONNECTION_ERROR, self.refusals[0].value.format(self.ip))
            answers = "the echo request" if sent == 1 else f"{sent} echo requests"
            within = f"within {self.timeout_seconds:g} s"
            return Failure(Reason.TIMEOUT, f"no answer from {self.ip} to {answers} {within}")
        if (self.loss_percent or 0) > self.settings.max_packet_loss_percent:
            return Failure(Reason.PACKET_LOSS, f"{sent - received} of {sent} packets were lost")
        return None

    def _mean_ms(self) -> float | None:
        return round(sum(self.rtts_ms) / len(self.rtts_ms), 3) if self.rtts_ms else None

    def _detail(self) -> dict[str, Any]:
        detail: dict[str, Any] = {}
        if self.watch.addresses:
            detail["addresses"] = sorted(self.watch.addresses)
        if self.ip:
            detail |= {"remoteAddress": self.ip, "sent": len(self.echoes), "received": len(self.rtts_ms)}
        if self.loss_percent is not None:
            detail["packetLossPercent"] = self.loss_percent
        if self.rtts_ms:
            lowest, highest = round(min(self.rtts_ms), 3), round(max(self.rtts_ms), 3)
            detail |= {"rttMinMs": lowest, "rttAvgMs": self._mean_ms(), "rttMaxMs": highest}
        return detail
