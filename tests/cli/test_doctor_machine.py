"""What `is0k doctor` says of a machine: each finding, good and bad."""

import errno
import os
import socket
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import pytest

from is0k.cli.checkup import machine
from is0k.cli.checkup.examination import LOOKS, examine
from is0k.cli.checkup.findings import Finding, Level, Surroundings
from is0k.probes.icmp_socket import NoRight
from is0k.settings import Settings

pytestmark = pytest.mark.anyio

Here = Callable[..., Surroundings]
GIB = 2**30


def any_socket(family: int) -> socket.socket:
    return socket.socket(socket.AF_UNIX)


@pytest.fixture
def here(tmp_path: Path) -> Here:
    """A good machine, but for what the test says."""
    conf = tmp_path / "resolv.conf"
    conf.write_text("# made by a tool\nsearch office.example\nnameserver 192.0.2.53\nnameserver 2001:db8::53\n")

    def build(settings: dict[str, object] | None = None, **different: object) -> Surroundings:
        good = {
            "open_socket": any_socket,
            "most_files": lambda: 1_048_576,
            "free_bytes": lambda folder: 20 * GIB,
            "resolv_conf": conf,
            "is_container": False,
        }
        chosen = {"data_dir": tmp_path} | (settings or {})
        return Surroundings(Settings(**chosen), **(good | different))  # type: ignore[arg-type]

    return build


def refusing(error: OSError, family: int | None = None) -> Callable[[int], socket.socket]:
    def open_socket(asked: int) -> socket.socket:
        if family in (None, asked):
            raise error
        return any_socket(asked)

    return open_socket


async def test_a_good_machine_has_nothing_to_mend(here: Here) -> None:
    looks = [look for look in LOOKS if look.__module__ == machine.__name__]

    findings = await examine(here(), tuple(looks))

    assert {finding.name: finding.level for finding in findings} == dict.fromkeys(
        ["ping IPv4", "ping IPv6", "open files", "data folder", "name servers", "allowed networks"], Level.OK
    )
    assert [finding for finding in findings if finding.remedy] == []


async def test_without_the_right_to_ping_the_command_that_gives_it_is_told(here: Here) -> None:
    findings = await machine.pings(here(open_socket=refusing(NoRight(errno.EACCES, "no"))))

    assert [finding.level for finding in findings] == [Level.WARNING, Level.WARNING]
    assert findings[0].message == "This user may not send pings: monitors of type ping will be unknown."
    assert findings[0].remedy is not None
    assert findings[0].remedy.startswith('sudo sysctl -w net.ipv4.ping_group_range="0 2147483647"')
    assert "sudo setcap cap_net_raw+ep /" in findings[0].remedy


async def test_in_a_container_it_is_the_container_that_must_be_given_the_right(here: Here) -> None:
    surroundings = here(open_socket=refusing(NoRight(errno.EACCES, "no")), is_container=True)

    [finding, _] = await machine.pings(surroundings)

    assert finding.remedy == (
        'start the container with --sysctl net.ipv4.ping_group_range="0 2147483647", or with --cap-add NET_RAW'
    )


@pytest.mark.parametrize(
    ("family", "levels"),
    [(socket.AF_INET6, [Level.OK, Level.OK]), (socket.AF_INET, [Level.WARNING, Level.OK])],
    ids=["IPv6", "IPv4"],
)
async def test_a_machine_without_ipv6_is_well_and_without_ipv4_is_not(
    here: Here, family: int, levels: list[Level]
) -> None:
    missing = refusing(OSError(errno.EAFNOSUPPORT, "Address family not supported"), family)

    findings = await machine.pings(here(open_socket=missing))

    assert [finding.level for finding in findings] == levels
    assert [finding.name for finding in findings if "has no" in finding.message] == [
        "ping IPv6" if family == socket.AF_INET6 else "ping IPv4"
    ]


@pytest.mark.parametrize(
    ("limit", "level", "message"),
    [
        (float("inf"), Level.OK, "A process may open any number of files."),
        (10_000, Level.OK, "A process may open 10000 files."),
        (4_096, Level.WARNING, "A process may open 4096 files: only 2048 checks can run at once."),
        (256, Level.FAULT, "A process may open 256 files: only 128 checks can run at once."),
    ],
)
async def test_the_limit_of_open_files(here: Here, limit: float, level: Level, message: str) -> None:
    [finding] = await machine.open_files(here(most_files=lambda: limit))

    assert (finding.level, finding.message) == (level, message)
    assert (finding.remedy is None) is (level is Level.OK)


@pytest.mark.parametrize(
    ("free", "level", "room"),
    [
        (20 * GIB, Level.OK, "20.0 GiB"),
        (GIB, Level.OK, "1.0 GiB"),
        (GIB - 1, Level.WARNING, "1023 MiB"),
        (100 * 2**20 - 1, Level.FAULT, "99 MiB"),
    ],
)
async def test_the_room_on_the_disk(here: Here, free: int, level: Level, room: str) -> None:
    [finding] = await machine.data_folder(here(free_bytes=lambda folder: free))

    assert finding.level is level
    assert f"has {room} left." in finding.message


async def test_a_data_folder_that_is_not_there_yet_is_not_made(here: Here, tmp_path: Path) -> None:
    asked: list[Path] = []
    folder = tmp_path / "deep" / "data"

    def free(existing: Path) -> int:
        asked.append(existing)
        return GIB

    [finding] = await machine.data_folder(here({"data_dir": folder}, free_bytes=free))

    assert finding == Finding(
        "data folder", Level.OK, f"{folder} will be made by the first start; its disk has 1.0 GiB left."
    )
    assert asked == [tmp_path]
    assert not (tmp_path / "deep").exists()


async def test_a_file_in_the_place_of_the_data_folder_is_a_fault(here: Here, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")

    [finding] = await machine.data_folder(here({"data_dir": tmp_path / "data"}))

    assert (finding.level, finding.message) == (Level.FAULT, f"{tmp_path / 'data'} is not a folder.")


async def test_a_data_folder_that_cannot_be_written_is_a_fault(here: Here, tmp_path: Path) -> None:
    locked = Path("/proc/self") if os.geteuid() == 0 else tmp_path / "locked"  # nothing else is closed to root
    if os.geteuid():
        locked.mkdir(mode=0o500)

    [finding] = await machine.data_folder(here({"data_dir": locked / "data"}))

    assert (finding.level, finding.message) == (Level.FAULT, f"{locked} cannot be written by this user.")
    assert finding.remedy == (
        f'sudo install -d -m 700 -o "$USER" {locked / "data"}, or set IS0K_DATA_DIR to another folder'
    )


async def test_name_servers_are_told(here: Here) -> None:
    [finding] = await machine.name_servers(here())

    assert finding == Finding("name servers", Level.OK, "Names are looked up at 192.0.2.53, 2001:db8::53.")


@pytest.mark.parametrize(
    ("text", "why"), [("search office.example\nnameserver\n", "names no name server"), (None, "cannot be read")]
)
async def test_no_name_server_is_a_fault(here: Here, tmp_path: Path, text: str | None, why: str) -> None:
    conf = tmp_path / "other.conf"
    if text is not None:
        conf.write_text(text)

    [finding] = await machine.name_servers(here(resolv_conf=conf))

    assert finding.level is Level.FAULT
    assert finding.message.startswith(f"{conf} {why}")
    assert finding.remedy == f"put a line `nameserver ADDRESS` into {conf}"


async def test_networks_that_are_allowed_are_told(here: Here) -> None:
    networks = (ip_network("10.0.0.0/8"), ip_network("fd00::/64"))

    [finding] = await machine.allowed_networks(here({"allowed_networks": networks}))

    message = "Besides public addresses these may be watched: 10.0.0.0/8, fd00::/64."
    assert finding == Finding("allowed networks", Level.OK, message)


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0"])
async def test_allowing_every_network_is_warned_of(here: Here, network: str) -> None:
    [finding] = await machine.allowed_networks(here({"allowed_networks": (ip_network(network),)}))

    assert finding.level is Level.WARNING
    assert finding.remedy == "name in IS0K_ALLOWED_NETWORKS only the networks that are to be watched"


async def test_a_look_that_fails_is_told_and_the_others_go_on(here: Here) -> None:
    async def moon_phase(here: Surroundings) -> list[Finding]:
        raise RuntimeError("clouds")

    broken, whole = await examine(here(), (moon_phase, machine.open_files))

    assert broken == Finding("moon phase", Level.FAULT, "This could not be looked at: RuntimeError: clouds.")
    assert whole.level is Level.OK
