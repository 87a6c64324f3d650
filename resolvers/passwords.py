"""Passwords people choose: hashed slowly, in threads of their own, so that no request waits for another's."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher

HASHER = PasswordHasher()
# Each takes 64 MiB while it runs; more than two at once wait their turn.
THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")


async def hash_password(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(THREADS, HASHER.hash, password)
