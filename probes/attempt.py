"""One look at a target: it ends in time, and whatever stops it is a Failure."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any

from is0k.probes.dialer import WATCH, Watch, time_out
from is0k.probes.failures import Failure, lookup_failure
from is0k.schema.enums import Reason
from is0k.schema.target_rules import ascii_host

logger = logging.getLogger(__name__)


async def attempt(look: Awaitable[None], watch: Watch, timeout_seconds: float) -> Failure | None:
    """What stopped it; None when nothing did."""
    # The resolver learns from it whose look-up this is; each check is a task, or sets its own: nothing to set back.
    WATCH.set(watch)
    try:
        async with asyncio.timeout(timeout_seconds):
            await look
    except TimeoutError:
        return time_out(watch, timeout_seconds)
    except Failure as failure:
        return failure
    except Exception:
        logger.exception("A probe failed")
        return Failure(Reason.INTERNAL_ERROR, "the check failed inside is0k; the log says why")
    return None


def name_on_the_wire(host: str) -> str:
    try:
        return ascii_host(host)
    except ValueError as error:
        raise lookup_failure(host, error) from error


def reached(watch: Watch) -> dict[str, Any]:
    """What of an Outcome's detail is known of the way to the target."""
    detail: dict[str, Any] = {}
    if watch.addresses:
        detail["addresses"] = sorted(watch.addresses)
    if watch.connected:
        detail["remoteAddress"] = watch.where
    return detail


def address(watch: Watch) -> str | None:
    """The one connected to, without the port."""
    return watch.where.rpartition(":")[0].strip("[]") if watch.connected else None


def said(data: bytes | bytearray, longest: int = 80) -> str:
    """What a server said, on one line, for a message."""
    text = " ".join(bytes(data[: 4 * longest]).decode(errors="replace").split())
    text = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return text if len(text) <= longest else f"{text[:longest]}…"
