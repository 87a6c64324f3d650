"""What is said when it is a router, this machine or we ourselves that no echo comes back for."""

import asyncio
import errno
from time import perf_counter

import pytest

from is0k.probes.icmp_socket import NoRight
from is0k.probes.ping import PingProbe
from is0k.schema.enums import CheckStatus, Reason
from is0k.schema.ping_settings import PingSettings
from is0k.tests.probes.echoes import HOST, V6_HOST, Network, echo, nothing, told, unreachable

pytestmark = pytest.mark.anyio


async def test_a_router_that_knows_no_way_ends_the_check_at_once(ping: PingProbe, network: Network) -> None:
    network.carry = unreachable
    began = perf_counter()

    outcome = await ping.run(PingSettings(host=HOST, packets=2), 30)

    assert told(outcome) == (CheckStatus.DOWN, Reason.CONNECTION_ERROR, f"no route to {HOST}")
    assert outcome.detail["packetLossPercent"] == 100
    assert perf_counter() - began < 5


async def test_a_router_that_knew_no_way_for_a_moment_is_loss(ping: PingProbe, network: Network) -> None:
    network.carry = lambda request: unreachable(request) if request.sequence == 0 else echo(request)

    outcome = await ping.run(PingSettings(host=HOST, packets=4, max_packet_loss_percent=20), 30)

    assert told(outcome) == (CheckStatus.DOWN, Reason.PACKET_LOSS, "1 of 4 packets were lost")


async def test_without_a_local_route_it_is_down(ping: PingProbe, network: Network) -> None:
    network.send_errors.extend([errno.EHOSTUNREACH] * 2)

    outcome = await ping.run(PingSettings(host=HOST), 5)

    assert told(outcome) == (CheckStatus.DOWN, Reason.CONNECTION_ERROR, f"no route to {HOST}")


async def test_without_the_right_to_ping_it_is_unknown_and_the_doctor_is_named(
    ping: PingProbe, network: Network
) -> None:
    network.open_error = NoRight(errno.EACCES, "no")

    outcome = await ping.run(PingSettings(host=HOST), 5)

    message = "this process may not send echo requests; `is0k doctor` tells how to allow it"
    assert told(outcome) == (CheckStatus.UNKNOWN, Reason.INTERNAL_ERROR, message)
    assert outcome.facts.packet_loss_percent is None


async def test_a_machine_without_ipv6_cannot_tell(ping: PingProbe, network: Network) -> None:
    network.open_error = OSError(errno.EAFNOSUPPORT, "no")

    outcome = await ping.run(PingSettings(host=V6_HOST), 5)

    message = "this machine has no IPv6 to send echo requests with"
    assert told(outcome) == (CheckStatus.UNKNOWN, Reason.INTERNAL_ERROR, message)


@pytest.mark.parametrize("code", [errno.EAGAIN, errno.ENOBUFS])
async def test_a_moment_without_room_for_a_packet_is_waited_out(ping: PingProbe, network: Network, code: int) -> None:
    network.send_errors.extend([code] * 4)

    outcome = await ping.run(PingSettings(host=HOST, packets=2), 5)

    assert told(outcome) == (CheckStatus.UP, Reason.OK, None)
    assert outcome.detail["sent"] == 2


async def test_no_room_for_any_packet_is_our_own_trouble(ping: PingProbe, network: Network) -> None:
    network.send_errors.extend([errno.ENOBUFS] * 10_000)

    outcome = await ping.run(PingSettings(host=HOST), 0.1)

    assert (outcome.status, outcome.reason) == (CheckStatus.UNKNOWN, Reason.INTERNAL_ERROR)
    assert network.sent == []


async def test_closing_ends_a_check_without_a_verdict(ping: PingProbe, network: Network) -> None:
    network.carry = nothing
    running = asyncio.create_task(ping.run(PingSettings(host=HOST, packets=1), 30))
    while not network.sent:
        await asyncio.sleep(0)

    await ping.close()

    message = "is0k was stopped during the check"
    assert told(await running) == (CheckStatus.UNKNOWN, Reason.INTERNAL_ERROR, message)
