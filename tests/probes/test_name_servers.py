"""Which name servers are asked when the monitor names none."""

import asyncio
import socket
from pathlib import Path

import pytest

from is0k.probes.dns import DnsProbe
from is0k.probes.guard import Guard
from is0k.probes.name_servers import SystemServers, server_at, server_of
from is0k.schema.enums import CheckStatus, Reason
from is0k.tests.probes.name_server import NameServer, Script, asked, closed_port, says, silent

pytestmark = pytest.mark.anyio

GOOD = says("www.example.com. 60 IN A 192.0.2.1")
SETTINGS = asked(None)
SLACK_MS = 500


def names(servers: SystemServers) -> list[str]:
    return [server.name for server in servers.current()]


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "resolv.conf"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nameserver 192.0.2.1\nnameserver 2001:db8::1\n", ["192.0.2.1", "2001:db8::1"]),
        ("# nameserver 192.0.2.9\n; x\nsearch a.b\noptions edns0\n\tnameserver\t192.0.2.1 # ours\n", ["192.0.2.1"]),
        ("nameserver\nnameserver nonsense\nnameserver fe80::1%nowhere\nnameserver 192.0.2.1", ["192.0.2.1"]),
        ("".join(f"nameserver 192.0.2.{n}\n" for n in range(1, 6)), ["192.0.2.1", "192.0.2.2", "192.0.2.3"]),
        ("", ["127.0.0.1"]),
    ],
)
def test_the_list_is_read_as_the_c_library_reads_it(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert names(SystemServers(written(tmp_path, text))) == expected


def test_without_a_list_it_is_this_machine(tmp_path: Path) -> None:
    assert names(SystemServers(tmp_path / "nothing")) == ["127.0.0.1"]


def test_the_list_is_read_again_when_it_has_changed(tmp_path: Path) -> None:
    path = written(tmp_path, "nameserver 192.0.2.1\n")
    servers = SystemServers(path)
    first, again = servers.current(), servers.current()
    # As network managers do: a new file in place of the old.
    other = tmp_path / "new"
    other.write_text("nameserver 192.0.2.2\n")
    other.replace(path)

    assert first is again
    assert names(servers) == ["192.0.2.2"]


def test_a_zone_is_a_network_card_of_this_machine() -> None:
    assert server_at(f"fe80::1%{socket.if_indextoname(1)}", 53).address == ("fe80::1", 53, 0, 1)


def test_the_usual_port_goes_without_saying() -> None:
    assert [server_of(text).name for text in ("192.0.2.1:53", "[2001:db8::1]", "192.0.2.1:5353")] == [
        "192.0.2.1",
        "2001:db8::1",
        "192.0.2.1:5353",
    ]
    assert server_of("192.0.2.1").where == "192.0.2.1:53"


class Machine:
    """Its name servers are the first so many of these, both at the same port. The guard allows neither."""

    SERVERS = ("127.0.0.1", "::1")

    def __init__(self, folder: Path, port: int, count: int) -> None:
        text = "".join(f"nameserver {ip}\n" for ip in self.SERVERS[:count])
        self.probe = DnsProbe(Guard(), system=SystemServers(written(folder, text), port))


async def test_the_servers_of_the_machine_are_asked_whatever_the_guard_says(tmp_path: Path) -> None:
    async with NameServer(GOOD) as server:
        machine = Machine(tmp_path, server.port, 1)
        found = await machine.probe.run(SETTINGS, 5.0)
        await machine.probe.close()

    assert (found.status, found.facts.answers) == (CheckStatus.UP, ["192.0.2.1"])
    assert (found.detail["resolver"], found.detail["remoteAddress"]) == ("system", server.where)


async def test_of_two_servers_one_may_be_silent(tmp_path: Path) -> None:
    async with NameServer(silent) as dead, NameServer(GOOD, host="::1", has_tcp=False, port=dead.port) as alive:
        machine = Machine(tmp_path, dead.port, 2)
        found = await machine.probe.run(SETTINGS, 0.6)
        await machine.probe.close()

    assert (found.status, found.detail["remoteAddress"]) == (CheckStatus.UP, alive.where)
    assert found.latency_ms is not None and 200 <= found.latency_ms < 200 + SLACK_MS
    assert (len(dead.questions), len(alive.questions)) == (1, 1)


async def test_of_two_servers_one_may_be_gone(tmp_path: Path) -> None:
    port = closed_port()
    async with NameServer(GOOD, host="::1", has_tcp=False, port=port) as alive:
        machine = Machine(tmp_path, port, 2)
        found = await machine.probe.run(SETTINGS, 5.0)
        await machine.probe.close()

    assert found.status is CheckStatus.UP
    assert found.latency_ms is not None and found.latency_ms < SLACK_MS
    assert len(alive.questions) == 1


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED", "NOTIMP"])
async def test_a_server_that_cannot_tell_is_not_the_last_one_asked(tmp_path: Path, rcode: str) -> None:
    async with (
        NameServer(says(rcode=rcode)) as first,
        NameServer(GOOD, host="::1", has_tcp=False, port=first.port) as second,
    ):
        machine = Machine(tmp_path, first.port, 2)
        found = await machine.probe.run(SETTINGS, 5.0)
        await machine.probe.close()

    assert found.status is CheckStatus.UP
    assert (len(first.questions), len(second.questions)) == (1, 1)


@pytest.mark.parametrize("second", [says(rcode="SERVFAIL"), silent])
async def test_when_none_can_tell_the_name_is_at_fault(tmp_path: Path, second: Script) -> None:
    async with (
        NameServer(says(rcode="SERVFAIL")) as first,
        NameServer(second, host="::1", has_tcp=False, port=first.port),
    ):
        machine = Machine(tmp_path, first.port, 2)
        found = await machine.probe.run(SETTINGS, 0.6)
        await machine.probe.close()

    assert (found.status, found.reason) == (CheckStatus.DOWN, Reason.DNS_ERROR)
    assert found.message is not None and found.message.endswith("could not look up www.example.com (SERVFAIL)")


async def test_that_a_name_does_not_exist_is_not_asked_twice(tmp_path: Path) -> None:
    async with (
        NameServer(says(rcode="NXDOMAIN")) as first,
        NameServer(GOOD, host="::1", has_tcp=False, port=first.port) as second,
    ):
        machine = Machine(tmp_path, first.port, 2)
        found = await machine.probe.run(SETTINGS, 5.0)
        await machine.probe.close()

    assert found.reason is Reason.DNS_ERROR
    assert (len(first.questions), len(second.questions)) == (1, 0)


async def test_when_nobody_listens_on_this_machine_that_is_our_fault(tmp_path: Path) -> None:
    machine = Machine(tmp_path, closed_port(), 1)
    found = await machine.probe.run(SETTINGS, 5.0)
    await machine.probe.close()

    assert (found.status, found.reason) == (CheckStatus.UNKNOWN, Reason.INTERNAL_ERROR)
    assert found.message is not None
    assert found.message.startswith(
        "the name servers of this machine cannot be reached: connection refused by 127.0.0.1:"
    )


async def test_when_all_servers_are_silent_each_was_asked(tmp_path: Path) -> None:
    async with NameServer(silent) as first, NameServer(silent, host="::1", has_tcp=False, port=first.port) as second:
        machine = Machine(tmp_path, first.port, 2)
        found = await machine.probe.run(SETTINGS, 0.3)
        await machine.probe.close()
        await asyncio.sleep(0)

    assert found.reason is Reason.TIMEOUT
    assert found.message == f"no answer within 0.3 s (asking {first.where}, {second.where})"
    assert (len(first.questions), len(second.questions)) == (2, 1)
