"""No orphans: what the supervisor starts ends with it, also when the supervisor is killed with SIGKILL.

Our own programs hold the read end of a pipe and stop at its end. The kernel closes the other end whatever happens to
the supervisor, on every system. Valkey knows no such pipe: on Linux a small program asks the kernel for a signal at the
supervisor's death and then becomes Valkey; elsewhere the next start stops what was left over (valkey.py).

Neither way runs Python between fork and exec, so it does not matter which threads the supervisor has.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from functools import cache

VARIABLE = "_IS0K_TETHER"
# Longer than any program may take to stop when the supervisor asks for it.
LAST_SECONDS = 30

# 1 is PR_SET_PDEATHSIG, which exec keeps; 15 is SIGTERM. The parent may have died before the call was made.
DIE_WITH_PARENT = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 15)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""


@cache
def held_end() -> int:
    """The descriptor our own programs inherit. Its other end is this process's alone and never closed by hand."""
    read_end, _ = os.pipe()
    return read_end


def hold() -> None:
    """Stop this process when the supervisor that started it ends; nothing happens when there is none."""
    given = os.environ.pop(VARIABLE, None)
    if given is not None:
        os.set_inheritable(int(given), False)
        threading.Thread(target=_stop_at_end_of, args=(int(given),), name="tether", daemon=True).start()


def _stop_at_end_of(descriptor: int) -> None:
    os.read(descriptor, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(LAST_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def dying_with_us(command: Sequence[str]) -> list[str]:
    """The command of a program that is not ours, so that it ends with this process where the system can do that."""
    if sys.platform != "linux":
        return list(command)
    # -I -S: nothing of the user's Python is read, and starting takes 12 ms.
    return [sys.executable, "-I", "-S", "-c", DIE_WITH_PARENT, str(os.getpid()), *command]
