"""Asking an API from outside."""

import aiohttp


async def is_ready(url: str) -> bool:
    """Waits for a connection that waits itself; one that is refused is an answer."""
    try:
        async with aiohttp.ClientSession() as session, session.get(f"{url}/readyz") as answer:
            return answer.status == 200
    except aiohttp.ClientConnectorError:
        return False
