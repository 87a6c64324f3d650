"""Four small servers on one socket, each with one habit: something to watch without a network."""

import asyncio
import socket
import time
from contextlib import suppress

SLOW_SECONDS = 0.8
HALF_PERIOD_SECONDS = 20

ANSWER = "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"

started_at = time.monotonic()


async def steady() -> str:
    return "200 OK"


async def slow() -> str:
    await asyncio.sleep(SLOW_SECONDS)
    return "200 OK"


async def flaky() -> str:
    is_well = int((time.monotonic() - started_at) / HALF_PERIOD_SECONDS) % 2 == 0
    return "200 OK" if is_well else "500 Internal Server Error"


async def down() -> str:
    return "503 Service Unavailable"


async def nowhere() -> str:
    return "404 Not Found"


TARGETS = {"/steady": steady, "/slow": slow, "/flaky": flaky, "/down": down}


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    # Somebody who goes away in the middle is none of our business.
    with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, IndexError):
        request = await reader.readuntil(b"\r\n\r\n")
        status = await TARGETS.get(request.split()[1].decode(), nowhere)()
        writer.write(ANSWER.format(status=status, length=len(status), text=status).encode())
        await writer.drain()
    writer.close()


def run(listening: socket.socket) -> None:
    async def serve() -> None:
        server = await asyncio.start_server(answer, sock=listening)
        await server.serve_forever()

    asyncio.run(serve())
