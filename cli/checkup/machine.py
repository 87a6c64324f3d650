"""The machine itself: rights, limits, disk, names."""

import os
import socket
import sys
from pathlib import Path

from is0k.cli.checkup.findings import Finding, Level, Surroundings
from is0k.jobs.checker import RUNNING_AT_ONCE
from is0k.probes.icmp_socket import NoRight

FAMILIES = {"IPv4": socket.AF_INET, "IPv6": socket.AF_INET6}
# Every group of users; of both families.
PING_GROUPS = 'net.ipv4.ping_group_range="0 2147483647"'
IN_CONTAINER = f"start the container with --sysctl {PING_GROUPS}, or with --cap-add NET_RAW"
ON_HOST = (
    f"sudo sysctl -w {PING_GROUPS} (a line in /etc/sysctl.d/ keeps it), "
    f"or sudo setcap cap_net_raw+ep {Path(sys.executable).resolve()}"
)

# A check takes one file, its name look-up another.
WANTED_FILES = 2 * RUNNING_AT_ONCE
FEWEST_FILES = 512
MORE_FILES = f"ulimit -Hn {2 * WANTED_FILES}, or LimitNOFILE={2 * WANTED_FILES} in the systemd unit"

MIB = 2**20
LITTLE_DISK, LEAST_DISK = 1024 * MIB, 100 * MIB


async def pings(here: Surroundings) -> list[Finding]:
    return [_ping(name, family, here) for name, family in FAMILIES.items()]


def _ping(name: str, family: int, here: Surroundings) -> Finding:
    title = f"ping {name}"
    try:
        here.open_socket(family).close()
    except NoRight:
        message = "This user may not send pings: monitors of type ping will be unknown."
        return Finding(title, Level.WARNING, message, IN_CONTAINER if here.is_container else ON_HOST)
    except OSError as error:
        # Many machines have no IPv6, and nothing is wrong with them.
        level = Level.OK if family == socket.AF_INET6 else Level.WARNING
        return Finding(title, level, f"This machine has no {name} to send pings with ({error.strerror}).")
    return Finding(title, Level.OK, "This user may send pings.")


async def open_files(here: Surroundings) -> list[Finding]:
    limit = here.most_files()
    if limit >= WANTED_FILES:
        return [Finding("open files", Level.OK, f"A process may open {_count(limit)} files.")]
    level = Level.FAULT if limit < FEWEST_FILES else Level.WARNING
    message = f"A process may open {_count(limit)} files: only {_count(limit // 2)} checks can run at once."
    return [Finding("open files", level, message, MORE_FILES)]


def _count(limit: float) -> str:
    return "any number of" if limit == float("inf") else f"{limit:.0f}"


async def data_folder(here: Surroundings) -> list[Finding]:
    folder = here.settings.data_dir
    existing = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not folder.is_dir() and folder.exists():
        return [_folder(Level.FAULT, f"{folder} is not a folder.", "set IS0K_DATA_DIR to another one")]
    if not os.access(existing, os.W_OK | os.X_OK):
        message = f"{existing} cannot be written by this user."
        return [_folder(Level.FAULT, message, _make_writable(folder))]
    return [_disk(folder, existing, here)]


def _make_writable(folder: Path) -> str:
    return f'sudo install -d -m 700 -o "$USER" {folder}, or set IS0K_DATA_DIR to another folder'


def _disk(folder: Path, existing: Path, here: Surroundings) -> Finding:
    free = here.free_bytes(existing)
    room = f"{free / MIB / 1024:.1f} GiB" if free >= 1024 * MIB else f"{free // MIB} MiB"
    if free < LITTLE_DISK:
        level = Level.FAULT if free < LEAST_DISK else Level.WARNING
        return _folder(
            level, f"The disk of {folder} has {room} left.", "make room, or set IS0K_DATA_DIR to another disk"
        )
    known = "can be written" if existing == folder else "will be made by the first start"
    return _folder(Level.OK, f"{folder} {known}; its disk has {room} left.")


def _folder(level: Level, message: str, remedy: str | None = None) -> Finding:
    return Finding("data folder", level, message, remedy)


async def name_servers(here: Surroundings) -> list[Finding]:
    try:
        lines = here.resolv_conf.read_text(errors="replace").splitlines()
    except OSError as error:
        return [_no_name_server(f"{here.resolv_conf} cannot be read: {error.strerror}", here)]
    servers = [words[1] for line in lines if len(words := line.split()) > 1 and words[0] == "nameserver"]
    if not servers:
        return [_no_name_server(f"{here.resolv_conf} names no name server", here)]
    return [Finding("name servers", Level.OK, f"Names are looked up at {', '.join(servers)}.")]


def _no_name_server(why: str, here: Surroundings) -> Finding:
    message = f"{why}: whatever is watched by name will look down."
    return Finding("name servers", Level.FAULT, message, f"put a line `nameserver ADDRESS` into {here.resolv_conf}")


async def allowed_networks(here: Surroundings) -> list[Finding]:
    networks = here.settings.allowed_networks
    if not networks:
        message = "Only public addresses may be watched; IS0K_ALLOWED_NETWORKS opens private networks."
        return [Finding("allowed networks", Level.OK, message)]
    words = ", ".join(map(str, networks))
    if any(network.prefixlen == 0 for network in networks):
        message = f"Every address may be watched ({words}), by everybody with a key: this machine's own services too."
        remedy = "name in IS0K_ALLOWED_NETWORKS only the networks that are to be watched"
        return [Finding("allowed networks", Level.WARNING, message, remedy)]
    return [Finding("allowed networks", Level.OK, f"Besides public addresses these may be watched: {words}.")]
