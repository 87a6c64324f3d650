"""Dependencies are newer than what their security advisories were fixed in (read in November 2026)."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from is0k import settings

ROOT = Path(settings.__file__).resolve().parent
REQUIREMENTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]

# Package, the first version without the fault, and its advisories.
ADVISORIES = [
    ("strawberry-graphql", "0.243.0", "CVE-2024-47082"),  # multipart uploads allow CSRF
    ("strawberry-graphql", "0.257.0", "CVE-2025-22151"),  # relay's node resolves to another type
    ("strawberry-graphql", "0.312.3", "CVE-2026-35523 CVE-2026-35526"),  # graphql-ws skips auth; endless subscriptions
    ("strawberry-graphql", "0.315.7", "CVE-2026-47706 CVE-2026-47707"),  # limits escaped through fragments
    ("strawberry-graphql", "0.327.2", "CVE-2026-107727"),  # places of the older WebSocket protocol leak
    ("starlette", "0.40.0", "CVE-2024-47874"),  # a form fills the memory
    ("starlette", "0.47.2", "CVE-2025-54121"),  # a large upload blocks the loop
    ("starlette", "0.49.1", "CVE-2025-62727"),  # a Range header costs its square
    ("starlette", "1.3.0", "CVE-2026-48710 PYSEC-2026-248"),  # Host and path poison request.url
    ("starlette", "1.3.1", "CVE-2026-54283"),  # limits of forms are ignored
    ("aiohttp", "3.12.14", "CVE-2025-53643"),  # request smuggling
    ("aiohttp", "3.13.3", "CVE-2025-69223 CVE-2025-69224 CVE-2025-69225 CVE-2025-69226"),  # bombs, smuggling
    ("aiohttp", "3.13.4", "CVE-2026-34520 CVE-2026-34525 PYSEC-2026-2100"),  # credentials follow a redirect
    ("aiohttp", "3.14.0", "CVE-2026-47265 CVE-2026-50269"),  # headers follow a redirect
    ("aiohttp", "3.14.1", "CVE-2026-54273 CVE-2026-54278 CVE-2026-54279 CVE-2026-54280"),  # denial of service
    ("aiohttp", "3.14.4", "PYSEC-2026-4392"),  # a flood of Set-Cookie
    ("tortoise-orm", "0.16.6", "CVE-2020-11010"),  # SQL injection through LIKE
]
# Had faults of its own (CVE-2024-53981, CVE-2026-24486, CVE-2026-40347, CVE-2026-42561), and is not needed.
UNWANTED = ["python-multipart"]

PACKAGES = sorted({package for package, _, _ in ADVISORIES})
PINNED = ["requirements.txt", "requirements-dev.txt"]


def floor(package: str) -> Version:
    return max(Version(fixed_in) for name, fixed_in, _ in ADVISORIES if name == package)


@pytest.mark.parametrize(("package", "fixed_in", "advisories"), ADVISORIES)
def test_what_is_installed_has_the_fix(package: str, fixed_in: str, advisories: str) -> None:
    assert Version(version(package)) >= Version(fixed_in), advisories


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_older_than_the_floor_can_be_installed(package: str) -> None:
    [requirement] = [found for line in REQUIREMENTS if (found := Requirement(line)).name == package]
    lowest = [Version(part.version) for part in requirement.specifier if part.operator in (">=", "==", "~=")]

    assert lowest
    assert max(lowest) >= floor(package)


@pytest.mark.parametrize("name", PINNED)
def test_what_is_pinned_has_the_fixes_and_nothing_unwanted(name: str) -> None:
    pins = dict(re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==([^\s;\\]+)", (ROOT / name).read_text(), re.MULTILINE))

    assert {package: pins[package] for package in PACKAGES if Version(pins[package]) < floor(package)} == {}
    assert pins.keys() & set(UNWANTED) == set()


def test_an_advisory_is_named_as_its_database_does() -> None:
    names = [name for _, _, advisories in ADVISORIES for name in advisories.split()]

    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"(CVE|PYSEC)-20\d\d-\d{3,}", name) for name in names)
