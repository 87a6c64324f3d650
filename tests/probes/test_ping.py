import asyncio
import socket
import time
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from is0k.probes.base import Outcome
from is0k.probes.guard import Guard
from is0k.probes.icmp import Icmp
from is0k.probes.icmp_socket import open_socket
from is0k.probes.ping import PingProbe, Volley
from is0k.schema.enums import CheckStatus, IpVersion, Reason
from is0k.schema.ping_settings import PingSettings
from is0k.tests.probes.conftest import LOOPBACK, Names
from is0k.tests.probes.echoes import HOST, V6_HOST, Delivery, Network, Request, losing, nothing, told

pytestmark = pytest.mark.anyio


def may_ping(family: int) -> bool:
    try:
        open_socket(family).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)])
async def test_this_machine_answers(host: str, family: int) -> None:
    if not may_ping(family):
        pytest.skip("this process may open neither kind of ICMP socket")
    ping = PingProbe(Guard(LOOPBACK))

    outcome = await ping.run(PingSettings(host=host, packets=3), 5)
    await ping.close()

    assert told(outcome) == (CheckStatus.UP, Reason.OK, None)
    assert (outcome.detail["sent"], outcome.detail["received"]) == (3, 3)
    assert outcome.facts.packet_loss_percent == 0
    assert outcome.detail["rttMinMs"] <= outcome.latency_ms <= outcome.detail["rttMaxMs"]


async def test_the_latency_is_the_mean_of_the_round_trips(ping: PingProbe, network: Network) -> None:
    network.carry = lambda request: [Delivery(request.reply(), request.ip, 0.03 * request.sequence)]

    outcome = await ping.run(PingSettings(host=HOST, packets=2), 5)

    low, mean, high = (outcome.detail[name] for name in ("rttMinMs", "rttAvgMs", "rttMaxMs"))
    assert outcome.latency_ms == mean == pytest.approx((low + high) / 2, abs=0.002)
    assert high > low + 20


async def test_what_is_told_of_a_good_check(ping: PingProbe, names: Names) -> None:
    names.addresses["shop.example"] = [HOST]

    outcome = await ping.run(PingSettings(host="shop.example"), 5)

    rtts = {"rttMinMs", "rttAvgMs", "rttMaxMs"}
    assert {name: value for name, value in outcome.detail.items() if name not in rtts} == {
        "addresses": [HOST],
        "remoteAddress": HOST,
        "sent": 4,
        "received": 4,
        "packetLossPercent": 0.0,
    }
    assert (outcome.facts.address, outcome.facts.packet_loss_percent) == (HOST, 0.0)
    assert outcome.timings.dns_ms is not None
    assert outcome.timings.total_ms is not None
    assert (outcome.timings.connect_ms, outcome.timings.tls_ms, outcome.timings.first_byte_ms) == (None, None, None)


async def test_nothing_is_waited_for_when_all_are_back(ping: PingProbe) -> None:
    began = perf_counter()

    await ping.run(PingSettings(host=HOST, packets=2), 30)

    assert perf_counter() - began < 5


async def test_a_reply_that_came_while_the_loop_was_busy_is_in_time(ping: PingProbe, network: Network) -> None:
    loop, (busy, other) = asyncio.get_running_loop(), socket.socketpair()

    def be_busy(request: Request) -> None:
        loop.remove_reader(busy.fileno())
        network.sockets[0].arrive(Delivery(request.reply(), request.ip))
        time.sleep(0.15)

    def carry(request: Request) -> list[Delivery]:
        # In a reader: uvloop looks at its timers next, and only then at what has arrived.
        loop.add_reader(busy.fileno(), be_busy, request)
        other.send(b".")
        return []

    network.carry = carry

    with busy, other:
        outcome = await ping.run(PingSettings(host=HOST, packets=1), 0.1)

    assert told(outcome) == (CheckStatus.UP, Reason.OK, None)


async def test_loss_up_to_the_limit_is_well(ping: PingProbe, network: Network) -> None:
    network.carry = losing(0, 2)

    outcome = await ping.run(PingSettings(host=HOST, max_packet_loss_percent=50), 1)

    assert told(outcome) == (CheckStatus.UP, Reason.OK, None)
    assert outcome.facts.packet_loss_percent == outcome.detail["packetLossPercent"] == 50


async def test_more_loss_than_that_is_down(ping: PingProbe, network: Network) -> None:
    network.carry = losing(0, 1, 3)

    outcome = await ping.run(PingSettings(host=HOST, max_packet_loss_percent=50), 1)

    assert told(outcome) == (CheckStatus.DOWN, Reason.PACKET_LOSS, "3 of 4 packets were lost")
    assert (outcome.detail["received"], outcome.detail["packetLossPercent"]) == (1, 75)
    assert outcome.latency_ms is not None


async def test_no_answer_at_all_is_a_time_out_that_ends_in_time(ping: PingProbe, network: Network) -> None:
    network.carry = nothing
    began = perf_counter()

    outcome = await ping.run(PingSettings(host=HOST, max_packet_loss_percent=99), 1)

    message = f"no answer from {HOST} to 4 echo requests within 1 s"
    assert told(outcome) == (CheckStatus.DOWN, Reason.TIMEOUT, message)
    assert 0.9 < perf_counter() - began < 4
    assert (outcome.latency_ms, outcome.facts.packet_loss_percent) == (None, 100)
    assert [request.sequence for request in network.sent] == [0, 1, 2, 3]


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "::1", "::ffff:10.0.0.1", "169.254.169.254", "inside.test"])
async def test_a_forbidden_address_gets_no_packet(ping: PingProbe, network: Network, host: str) -> None:
    outcome = await ping.run(PingSettings(host=host), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.BLOCKED_TARGET)
    assert (network.sent, network.sockets) == ([], [])


async def test_of_several_addresses_the_first_allowed_one_gets_every_packet(
    ping: PingProbe, network: Network, names: Names
) -> None:
    names.addresses["mixed.example"] = ["10.0.0.1", V6_HOST, HOST]

    outcome = await ping.run(PingSettings(host="mixed.example", packets=2), 5)

    assert {request.ip for request in network.sent} == {V6_HOST}
    assert outcome.detail["addresses"] == sorted([V6_HOST, HOST])


@pytest.mark.parametrize(("version", "ip"), [(IpVersion.IPV4, HOST), (IpVersion.IPV6, V6_HOST)])
async def test_the_ip_version_chooses_the_address(
    ping: PingProbe, network: Network, names: Names, version: IpVersion, ip: str
) -> None:
    names.addresses["both.example"] = [V6_HOST, HOST]

    await ping.run(PingSettings(host="both.example", packets=1, ip_version=version), 5)

    assert [request.ip for request in network.sent] == [ip]


async def test_a_host_without_an_address_of_that_version_is_a_dns_error(ping: PingProbe, names: Names) -> None:
    names.addresses["old.example"] = [HOST]

    outcome = await ping.run(PingSettings(host="old.example", ip_version=IpVersion.IPV6), 5)

    assert told(outcome)[:2] == (CheckStatus.DOWN, Reason.DNS_ERROR)


async def test_an_address_however_it_is_spelled_is_asked_in_its_shortest_form(
    ping: PingProbe, network: Network
) -> None:
    long = await ping.run(PingSettings(host=V6_HOST.upper().replace("21F", "021F"), packets=1), 5)
    mapped = await ping.run(PingSettings(host=f"::ffff:{HOST}", packets=1), 5)

    assert (long.status, mapped.status) == (CheckStatus.UP, CheckStatus.UP)
    assert [request.ip for request in network.sent] == [V6_HOST, HOST]


async def test_an_unknown_name_is_a_dns_error(ping: PingProbe) -> None:
    outcome = await ping.run(PingSettings(host="nowhere.example"), 5)

    assert told(outcome) == (CheckStatus.DOWN, Reason.DNS_ERROR, "name does not resolve: nowhere.example")


async def test_an_international_name_is_looked_up_as_the_dns_spells_it(ping: PingProbe, names: Names) -> None:
    names.addresses["xn--bcher-kva.example"] = [HOST]

    outcome = await ping.run(PingSettings(host="bücher.example", packets=1), 5)

    assert outcome.status is CheckStatus.UP


async def test_nothing_is_remembered_of_a_check_that_is_over(network: Network, names: Names) -> None:
    icmp = Icmp(network.open)
    network.carry = losing(1)

    await PingProbe(Guard(), names, icmp=icmp).run(PingSettings(host=HOST, packets=2), 0.1)

    assert [wire.waiting for wire in icmp._wires.values()] == [{}, {}]
    icmp.close()


# What the network makes of one echo: how often it comes back, how late, and whether somebody forges one before.
FATES = st.tuples(st.integers(0, 3), st.sampled_from([0.0, 0.002, 0.004]), st.booleans())
LATER_THAN_ALL = 0.01


@settings(max_examples=40)
@given(st.lists(FATES, min_size=1, max_size=6))
def test_lost_and_received_are_what_was_sent_whatever_the_network_does(fates: list[tuple[int, float, bool]]) -> None:
    def carry(request: Request) -> list[Delivery]:
        if request.sequence == len(fates):
            return [Delivery(request.reply(), request.ip, LATER_THAN_ALL)]
        copies, delay, is_forged = fates[request.sequence]
        forged = [Delivery(request.forged(), request.ip)] if is_forged else []
        return forged + [Delivery(request.reply(), request.ip, delay)] * copies

    async def check() -> Outcome:
        icmp, over = Icmp(Network(carry).open), asyncio.Event()
        volley = Volley(PingSettings(host=HOST, packets=len(fates), max_packet_loss_percent=0), 5, ip=HOST)
        volley.echoes += [icmp.send(HOST, sequence, volley.hear) for sequence in range(len(fates))]
        icmp.send(HOST, len(fates), lambda answer: over.set())
        await over.wait()
        volley.forget()
        icmp.close()
        return volley.outcome()

    outcome = asyncio.run(check())

    arrived = sum(copies > 0 for copies, _, _ in fates)
    assert (outcome.detail["sent"], outcome.detail["received"]) == (len(fates), arrived)
    assert outcome.detail["packetLossPercent"] == round(100 * (len(fates) - arrived) / len(fates), 1)
    assert (outcome.status is CheckStatus.UP) is (arrived == len(fates))
    assert (outcome.reason is Reason.TIMEOUT) is (arrived == 0)
