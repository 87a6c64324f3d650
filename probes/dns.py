"""The `dns` monitor: asks a name server, every time anew, and looks at what it answers."""

import asyncio
import logging
from time import perf_counter

from is0k.probes.base import Outcome, Timings
from is0k.probes.dns_answer import outcome_of
from is0k.probes.dns_exchange import ATTEMPTS, Exchange
from is0k.probes.dns_message import question_of
from is0k.probes.dns_sockets import Sockets
from is0k.probes.failures import Failure
from is0k.probes.guard import BlockedTarget, Guard
from is0k.probes.name_servers import Server, SystemServers, server_of
from is0k.schema.dns_settings import DnsSettings
from is0k.schema.enums import Reason

logger = logging.getLogger(__name__)

# With the system's own name servers: nothing of this can come from the name that is watched.
OURS = (Reason.CONNECTION_REFUSED, Reason.CONNECTION_RESET, Reason.CONNECTION_ERROR)


class DnsProbe:
    """What is measured: `latency_ms` runs from the first question to the answer, all that is asked again included."""

    def __init__(self, guard: Guard, *, system: SystemServers | None = None) -> None:
        """`system` stands in for the name servers of /etc/resolv.conf."""
        self._guard = guard
        self._system = system or SystemServers()
        self._sockets = Sockets()
        self._running: set[Exchange] = set()

    async def run(self, settings: DnsSettings, timeout_seconds: float, wants_body: bool = False) -> Outcome:
        began, exchange = perf_counter(), None
        try:
            question, servers = question_of(settings.host, settings.record_type), self._servers(settings.resolver)
            exchange = Exchange(question, servers, self._sockets, timeout_seconds / ATTEMPTS)
            self._running.add(exchange)
            async with asyncio.timeout(timeout_seconds):
                reply = await exchange.run()
            return outcome_of(settings, question, reply, began)
        except TimeoutError:
            doing = f" ({exchange.doing})" if exchange else ""
            return ended(Failure(Reason.TIMEOUT, f"no answer within {timeout_seconds:g} s{doing}"), began)
        except Failure as failure:
            return ended(failure if settings.resolver else blamed_on_us(failure), began)
        except Exception:
            logger.exception("The dns probe failed")
            ours = Failure(Reason.INTERNAL_ERROR, "the check failed inside is0k; the log says why")
            return ended(ours, began)
        finally:
            if exchange:
                self._running.discard(exchange)

    async def close(self) -> None:
        for exchange in self._running:
            exchange.stop(Failure(Reason.INTERNAL_ERROR, "is0k was stopped during the check"))
        self._sockets.close()

    def _servers(self, resolver: str | None) -> tuple[Server, ...]:
        if resolver is None:
            return self._system.current()
        server = server_of(resolver)
        try:
            self._guard.check(*server.address[:2])
        except BlockedTarget as refusal:
            raise Failure(Reason.BLOCKED_TARGET, str(refusal)) from None
        return (server,)


def blamed_on_us(failure: Failure) -> Failure:
    if failure.reason not in OURS:
        return failure
    message = f"the name servers of this machine cannot be reached: {failure.message}"
    return Failure(Reason.INTERNAL_ERROR, message)


def ended(failure: Failure, began: float) -> Outcome:
    total_ms = round((perf_counter() - began) * 1000, 3)
    timings = Timings(total_ms=total_ms)
    return Outcome(failure.status, failure.reason, failure.message, timings=timings)
