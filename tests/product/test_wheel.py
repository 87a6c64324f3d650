"""What people install: the wheel, built as a release is (sdist, then wheel), holds all of is0k and nothing else."""

import re
import subprocess
import sys
import sysconfig
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import pytest

from is0k.tests.stage.product import ANY_PORT, Product, calling, running

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

ROOT = Path(__file__).parents[2]
# What stands in the repository, but is not part of the program.
NOT_PACKAGED = {"tests", "bench", "build", "dist", "docs", "deploy"}


@dataclass
class Wheel:
    path: Path
    modules: set[str]  # what the repository held when it was built

    @property
    def names(self) -> set[str]:
        with ZipFile(self.path) as archive:
            return set(archive.namelist())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    folder = tmp_path_factory.mktemp("dist")
    modules = modules_of(ROOT)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT))
    return Wheel(next(folder.glob("*.whl")), modules)


def modules_of(root: Path) -> set[str]:
    folders = (path for path in root.iterdir() if path.is_dir() and path.name not in NOT_PACKAGED)
    packaged = [folder for folder in folders if not folder.name.startswith(".")]
    found = {*root.glob("*.py"), *(path for folder in packaged for path in folder.rglob("*.py"))}
    return {f"is0k/{path.relative_to(root).as_posix()}" for path in found}


@pytest.fixture(scope="module")
def installed(wheel: Wheel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that has the wheel, and the dependencies of the one we run in, but not its is0k."""
    home = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "--without-pip", str(home))
    packages = next(home.glob("lib/python*/site-packages"))
    # Of a folder added this way the .pth files are not read: the checkout stays out of sight.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin" / "python"), "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel.path))
    return home


def run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
async def product(installed: Path, environment: dict[str, str], tmp_path: Path) -> AsyncIterator[Product]:
    command = [str(installed / "bin" / "is0k"), "up", *ANY_PORT]
    async with running(Product(tmp_path, environment, command)) as product:
        yield product


@pytest.mark.timeout(120)
def test_it_holds_the_package_and_its_metadata_only(wheel: Wheel) -> None:
    top = {PurePosixPath(name).parts[0] for name in wheel.names}

    assert top == {"is0k", f"{'-'.join(wheel.path.name.split('-')[:2])}.dist-info"}


def test_it_holds_every_module_and_no_test(wheel: Wheel) -> None:
    assert {name for name in wheel.names if name.endswith(".py")} == wheel.modules


def test_it_holds_the_schema_the_types_marker_and_the_licence(wheel: Wheel) -> None:
    assert {"is0k/schema/schema.graphql", "is0k/py.typed"} <= wheel.names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel.names)


def test_it_holds_the_pages_and_all_they_load_but_not_how_that_was_vendored(wheel: Wheel) -> None:
    kept = [path for folder in ("static", "pages") for path in (ROOT / "web" / folder).rglob("*") if path.is_file()]
    found = {name for name in wheel.names if name.startswith("is0k/web/") and not name.endswith(".py")}

    assert len(kept) > 10
    assert found == {f"is0k/{path.relative_to(ROOT).as_posix()}" for path in kept}


@pytest.mark.timeout(60)
def test_the_installed_command_knows_its_version(installed: Path, wheel: Wheel, tmp_path: Path) -> None:
    version = wheel.path.name.split("-")[1]

    assert run(str(installed / "bin" / "is0k"), "version", cwd=tmp_path) == f"is0k {version}\n"


@pytest.mark.timeout(60)
def test_the_installed_package_is_the_one_that_runs(installed: Path, tmp_path: Path) -> None:
    # -E: a PYTHONPATH of ours would add the checkout.
    python = [str(installed / "bin" / "python"), "-E"]
    found = run(*python, "-c", "import is0k; print(*is0k.__path__)", cwd=tmp_path).split()

    assert [Path(path).is_relative_to(installed) for path in found] == [True]


@pytest.mark.timeout(60)
async def test_the_installed_product_gets_ready(product: Product, installed: Path) -> None:
    async with calling(product) as api:
        assert (await api.send("GET", "/readyz")).status == 200
        page = (await api.send("GET", "/graphql", headers={"Accept": "text/html"})).body.decode()
        links = set(re.findall(r'"(static/[^"]+)"', page))
        assert len(links) > 5
        assert {(await api.send("GET", f"/{link}")).status for link in links} == {200}
    worker = product.part("worker")
    assert worker is not None and worker.command.startswith(str(installed))
