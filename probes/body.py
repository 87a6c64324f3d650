"""The body of an answer: as much of it as is needed, unpacked, searched."""

import contextlib
import zlib
from collections.abc import Callable, Collection

import aiohttp

from is0k.probes.dialer import WATCH
from is0k.probes.failures import Failure, exchange_failure
from is0k.schema.enums import Reason

BODY_BYTES = 256 * 1024
EXCERPT_BYTES = 2 * 1024


async def read_body(
    response: aiohttp.ClientResponse, body: bytearray, limit: int, needles: Collection[bytes] = ()
) -> bool:
    """Reads into `body` until one of the needles is in it (True), it has `limit` bytes, or it is complete (False)."""
    decode = decoder(response.headers.get("Content-Encoding", ""))
    overlap = max(map(len, needles), default=1) - 1
    received = 0
    try:
        async for chunk in response.content.iter_any():
            received += len(chunk)
            searched = max(0, len(body) - overlap)
            body += decode(chunk, limit - len(body))
            if any(body.find(needle, searched) >= 0 for needle in needles):
                return True
            if len(body) >= limit:
                return False
            if received >= 2 * limit:
                raise Failure(Reason.RESPONSE_TOO_LARGE, "the compressed body does not end and says nothing")
    except zlib.error:
        raise Failure(Reason.CONNECTION_ERROR, "the body is not compressed the way it claims to be") from None
    except (aiohttp.ClientError, OSError) as error:
        raise exchange_failure(WATCH.get().where, error) from error
    return False


def decoder(encoding: str) -> Callable[[bytes, int], bytes]:
    """A function of a chunk and the bytes there is room for: a few bytes of gzip may unpack to a gigabyte."""
    match encoding.strip().lower():
        case "" | "identity":
            return lambda chunk, room: chunk[:room]
        case "gzip" | "x-gzip":
            return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress
        case "deflate":
            return Inflate()
    raise Failure(Reason.CONNECTION_ERROR, "the body comes in an encoding that was not asked for")


class Inflate:
    """Content-Encoding: deflate, with the zlib header of RFC 9110 §8.4.1.2 or, as many servers send it, without."""

    def __init__(self) -> None:
        self._unpack: Callable[[bytes, int], bytes] | None = None

    def __call__(self, chunk: bytes, room: int) -> bytes:
        if self._unpack is None:
            has_header = bool(chunk) and chunk[0] & 0x0F == zlib.DEFLATED
            self._unpack = zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS).decompress
        return self._unpack(chunk, room)


def spellings(keyword: str, charset: str | None) -> set[bytes]:
    """The keyword as it may stand in the body. The body is never decoded: some codecs would take minutes for it."""
    codecs = {charset or "utf-8", "utf-8"}
    if charset and charset.lower().startswith(("utf-16", "utf-32")):
        codecs |= {f"{charset[:6]}-le", f"{charset[:6]}-be"}
    found = set()
    for codec in codecs:
        with contextlib.suppress(LookupError, ValueError):
            found.add(keyword.encode(codec))
    return found


def text_of(body: bytes | bytearray) -> str:
    """For people to read. Without NUL, which databases refuse in text."""
    return body.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
