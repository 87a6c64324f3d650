"""The port: taken before anything is started, or a sentence about why not."""

import socket
import threading

import pytest

from is0k.cli.faults import Failure
from is0k.cli.supervisor.listener import http_url, listen


def test_the_system_may_choose_the_port() -> None:
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]

        assert http_url(listening) == f"http://127.0.0.1:{port}"
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass


@pytest.mark.parametrize(("host", "reached_at"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]")])
def test_who_listens_everywhere_is_reached_by_loopback(host: str, reached_at: str) -> None:
    with listen(host, 0) as listening:
        assert http_url(listening) == f"http://{reached_at}:{listening.getsockname()[1]}"


def test_a_taken_port_is_told_with_a_way_out() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(Failure) as refused:
            listen("127.0.0.1", port)

    told = f"Port {port} on 127.0.0.1 is taken by another program. Choose another one: --port {port + 1}."
    assert str(refused.value) == told


def test_a_taken_port_may_become_free() -> None:
    taken = listen("127.0.0.1", 0)
    port = taken.getsockname()[1]
    threading.Timer(0.2, taken.close).start()

    with listen("127.0.0.1", port, patience_seconds=10) as listening:
        assert listening.getsockname()[1] == port


def test_an_address_of_another_machine_is_told() -> None:
    # 192.0.2.0/24 is for documentation (RFC 5737): nobody has it.
    with pytest.raises(Failure, match=r"^192\.0\.2\.1 is not an address of this machine\.$"):
        listen("192.0.2.1", 0)
