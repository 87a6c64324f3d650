"""Where the tools stand: `.conformance/` in the checkout, made from the locks, made anew when a lock has changed."""

import json
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FOLDER = ROOT / ".conformance"
LOGS = FOLDER / "logs"
PYTHON, NODE = FOLDER / "python", FOLDER / "node"
REQUIREMENTS, PACKAGES = HERE / "requirements.txt", HERE / "package-lock.json"
INSTALL_SECONDS = 600


class Missing(Exception):
    """A tool that cannot be run here; the text says why, and what to do."""


def python(program: str) -> str:
    """The path of a program from requirements.txt."""
    if _is_stale(PYTHON, REQUIREMENTS):
        _run(sys.executable, "-m", "venv", "--clear", str(PYTHON))
        interpreter = str(PYTHON / "bin" / "python")
        uv = shutil.which("uv")
        pip = [uv, "pip", "install", "--python", interpreter] if uv else [interpreter, "-m", "pip", "install"]
        _run(*pip, "--quiet", "--require-hashes", "-r", str(REQUIREMENTS))
        _stamp(PYTHON, REQUIREMENTS)
    return str(PYTHON / "bin" / program)


def node(program: str) -> str:
    """The path of a program from package.json."""
    npm = shutil.which("npm")
    if npm is None:
        raise Missing("npm is not on PATH; it comes with Node.js 20 or newer")
    if _is_stale(NODE, PACKAGES):
        NODE.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, NODE)
        _run(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=NODE)
        _stamp(NODE, PACKAGES)
    return str(NODE / "node_modules" / ".bin" / program)


def version(package: str) -> str:
    """As it is locked."""
    if found := re.search(rf"^{re.escape(package)}==(\S+)", REQUIREMENTS.read_text(), re.MULTILINE):
        return found[1]
    return str(json.loads(PACKAGES.read_text())["packages"][f"node_modules/{package}"]["version"])


def _digest(lock: Path) -> str:
    return sha256(lock.read_bytes()).hexdigest()


def _is_stale(place: Path, lock: Path) -> bool:
    stamp = place / ".made-from"
    return not stamp.exists() or stamp.read_text() != _digest(lock)


def _stamp(place: Path, lock: Path) -> None:
    (place / ".made-from").write_text(_digest(lock))


def _run(*command: str, cwd: Path | None = None) -> None:
    try:
        done = subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired:
        raise Missing(f"{command[0]} was not done within {INSTALL_SECONDS} s") from None
    if done.returncode:
        raise Missing(f"{command[0]} failed: {(done.stderr or done.stdout).strip()[-500:]}")
