import asyncio
import errno
from collections.abc import AsyncIterator

import pytest

from is0k.probes.icmp import Answer, Back, Broken, Icmp
from is0k.probes.icmp_packets import Refusal
from is0k.tests.probes.echoes import Delivery, Network, echo, nothing, unreachable

pytestmark = pytest.mark.anyio

HOST = "192.0.2.1"


@pytest.fixture
async def icmp(network: Network) -> AsyncIterator[Icmp]:
    icmp = Icmp(network.open)
    yield icmp
    icmp.close()


async def answer(icmp: Icmp, ip: str = HOST, sequence: int = 0) -> Answer:
    heard: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    icmp.send(ip, sequence, heard.set_result)
    return await asyncio.wait_for(heard, 30)


async def heard_by_then(icmp: Icmp, network: Network, ip: str = HOST) -> list[Answer]:
    """What is heard of one echo until another, sent after it, is back."""
    heard: list[Answer] = []
    icmp.send(ip, 0, heard.append)
    # It comes later than whatever the network makes of the first.
    network.carry = echo
    await answer(icmp, ip)
    return heard


async def test_an_echo_that_comes_back_tells_how_long_it_was_away(icmp: Icmp, network: Network) -> None:
    network.carry = lambda request: [Delivery(request.reply(), request.ip, 0.02)]

    back = await answer(icmp)

    assert isinstance(back, Back)
    assert 0.015 < back.seconds < 5


async def test_each_family_has_one_socket_opened_when_it_is_needed(icmp: Icmp, network: Network) -> None:
    assert network.sockets == []

    for ip in (HOST, "192.0.2.2", "2001:db8::1", "2001:db8::2"):
        assert isinstance(await answer(icmp, ip), Back)

    assert [sock.family.name for sock in network.sockets] == ["AF_INET", "AF_INET6"]  # type: ignore[attr-defined]


async def test_echoes_may_come_back_in_any_order(icmp: Icmp, network: Network) -> None:
    delays = {0: 0.02, 1: 0.0, 2: 0.01}
    network.carry = lambda request: [Delivery(request.reply(), request.ip, delays[request.sequence])]
    order: list[int] = []

    async def ask(sequence: int) -> None:
        await answer(icmp, sequence=sequence)
        order.append(sequence)

    await asyncio.gather(*map(ask, delays))

    assert order == [1, 2, 0]


async def test_a_reply_that_comes_twice_is_heard_once(icmp: Icmp, network: Network) -> None:
    network.carry = lambda request: [Delivery(request.reply(), request.ip)] * 3

    assert len(await heard_by_then(icmp, network)) == 1


async def test_a_forged_reply_is_not_heard(icmp: Icmp, network: Network) -> None:
    network.carry = lambda request: [Delivery(request.forged(), request.ip)]

    assert await heard_by_then(icmp, network) == []


async def test_a_reply_from_another_address_is_not_heard(icmp: Icmp, network: Network) -> None:
    network.carry = lambda request: [Delivery(request.reply(), "192.0.2.9")]

    assert await heard_by_then(icmp, network) == []


async def test_what_a_router_says_is_heard_whoever_it_is(icmp: Icmp, network: Network) -> None:
    network.carry = unreachable

    assert await answer(icmp) is Refusal.NO_ROUTE


async def test_a_forgotten_echo_is_not_heard(icmp: Icmp, network: Network) -> None:
    heard: list[Answer] = []
    network.carry = lambda request: [Delivery(request.reply(), request.ip, 0.001)]

    icmp.send(HOST, 0, heard.append).forget()
    await answer(icmp)

    assert heard == []


async def test_the_sequence_may_wrap_while_an_old_echo_is_under_way(icmp: Icmp, network: Network) -> None:
    heard: list[Answer] = []
    network.carry = nothing
    icmp.send(HOST, 3, heard.append)
    network.carry = echo

    later = await answer(icmp, sequence=65_536 + 3)

    assert [request.sequence for request in network.sent] == [3, 3]
    assert isinstance(later, Back)
    assert heard == []


async def test_a_broken_socket_is_told_to_who_waits_and_opened_anew(icmp: Icmp, network: Network) -> None:
    network.carry = nothing
    waiting = asyncio.create_task(answer(icmp))
    await asyncio.sleep(0)
    network.sockets[0].break_down()
    told = await waiting

    network.carry = echo
    again = await answer(icmp)

    assert told == Broken("this machine's socket for echo requests broke")
    assert isinstance(again, Back)
    assert [sock.is_closed for sock in network.sockets] == [True, False]


async def test_an_error_about_somebody_else_does_not_keep_a_request_back(icmp: Icmp, network: Network) -> None:
    network.send_errors.append(errno.EHOSTUNREACH)

    assert isinstance(await answer(icmp), Back)


async def test_a_request_that_cannot_be_sent_is_not_waited_for(icmp: Icmp, network: Network) -> None:
    network.send_errors.extend([errno.ENETUNREACH] * 2)
    heard: list[Answer] = []

    with pytest.raises(OSError, match="cannot send"):
        icmp.send(HOST, 0, heard.append)
    icmp.close()

    assert network.sent == []
    assert heard == []


async def test_closing_tells_who_waits_and_closes_the_sockets(icmp: Icmp, network: Network) -> None:
    heard: list[Answer] = []
    network.carry = nothing
    icmp.send(HOST, 0, heard.append)

    icmp.close()

    assert heard == [Broken("is0k was stopped during the check")]
    assert [sock.is_closed for sock in network.sockets] == [True]
