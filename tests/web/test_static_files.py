"""What the pages load: kept for good by browsers, the same bytes as npm has, found under links that change with it."""

import gzip
import json
import re
from hashlib import sha256
from pathlib import Path

import pytest

from is0k import web
from is0k.tests.stage.api import Api
from is0k.web.static_files import FOLDER, StaticFile, linked, static_files

WEB = Path(web.__file__).resolve().parent
VENDORED = WEB / "vendored"
MANIFEST: dict[str, dict[str, str]] = json.loads((VENDORED / "manifest.json").read_text())


def path_of(file: StaticFile) -> str:
    return f"/static/{file.digest}/{file.name}"


@pytest.fixture
def compressed() -> StaticFile:
    return static_files()["vendored/react.production.min.js"]


@pytest.fixture
def plain() -> StaticFile:
    return static_files()["key.js"]


@pytest.mark.anyio
async def test_a_vendored_file_goes_out_as_it_was_compressed(api: Api, compressed: StaticFile) -> None:
    answer = await api.send("GET", path_of(compressed), headers={"Accept-Encoding": "br, gzip"})

    assert answer.status == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert int(answer.headers["Content-Length"]) == compressed.path.stat().st_size
    assert answer.body == gzip.decompress(compressed.path.read_bytes())


@pytest.mark.anyio
@pytest.mark.parametrize("accepted", ["identity", "br", "gzip;q=0", "gzip;q=0.000, br", "*;q=0", ""])
async def test_who_does_not_take_gzip_gets_the_file_plain(api: Api, compressed: StaticFile, accepted: str) -> None:
    answer = await api.send("GET", path_of(compressed), headers={"Accept-Encoding": accepted})

    assert "Content-Encoding" not in answer.headers
    assert answer.headers["ETag"] == f'"{compressed.digest}-plain"'
    assert answer.body == gzip.decompress(compressed.path.read_bytes())


@pytest.mark.anyio
@pytest.mark.parametrize("accepted", ["gzip", "GZIP; q=0.5, br", "*", "br;q=1, gzip;q=0.01"])
async def test_who_takes_gzip_gets_it(api: Api, compressed: StaticFile, accepted: str) -> None:
    answer = await api.send("GET", path_of(compressed), headers={"Accept-Encoding": accepted})

    assert answer.headers["Content-Encoding"] == "gzip"


@pytest.mark.anyio
async def test_a_file_may_be_kept_for_good(api: Api, plain: StaticFile) -> None:
    answer = await api.send("GET", path_of(plain))

    assert answer.body == plain.path.read_bytes()
    assert answer.headers["ETag"] == f'"{plain.digest}"'
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.anyio
@pytest.mark.parametrize("given", ['"{digest}"', 'W/"{digest}"', '"other", "{digest}"', "*"])
async def test_who_has_it_already_is_told_so(api: Api, plain: StaticFile, given: str) -> None:
    answer = await api.send("GET", path_of(plain), headers={"If-None-Match": given.format(digest=plain.digest)})

    assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", f'"{plain.digest}"')


@pytest.mark.anyio
async def test_head_tells_the_size_and_sends_nothing(api: Api, plain: StaticFile) -> None:
    answer = await api.send("HEAD", path_of(plain))

    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["Content-Length"]) == plain.path.stat().st_size


@pytest.mark.anyio
@pytest.mark.parametrize(
    "path",
    [
        *("/static/0000000000000000/key.js", "/static/key.js", "/static/", "/static/{digest}/other.js"),
        *("/static/{digest}/../pages/graphiql.html", "/static/{digest}/%2e%2e/pages/graphiql.html"),
        "/static/{digest}/vendored/react.production.min.js.gz",
    ],
)
async def test_what_is_no_file_of_this_version_is_404(api: Api, plain: StaticFile, path: str) -> None:
    assert (await api.send("GET", path.format(digest=plain.digest))).status == 404


@pytest.mark.anyio
async def test_a_file_cannot_be_written(api: Api, plain: StaticFile) -> None:
    assert (await api.send("POST", path_of(plain))).status == 405


def test_a_link_to_a_file_that_is_not_there_is_found_at_the_start() -> None:
    with pytest.raises(KeyError, match=r"nowhere\.js"):
        linked('<script src="static/nowhere.js"></script>')


@pytest.mark.parametrize("target", MANIFEST)
def test_a_vendored_file_is_what_npm_has(target: str) -> None:
    """It is not? `make vendored`."""
    content = gzip.decompress((WEB.parent / target).read_bytes())

    assert sha256(content).hexdigest() == MANIFEST[target]["sha256"]


def test_every_vendored_file_comes_from_the_lock() -> None:
    packages = json.loads((VENDORED / "package-lock.json").read_text())["packages"]
    locked = {entry["package"]: packages[f"node_modules/{entry['package']}"]["version"] for entry in MANIFEST.values()}
    folders = {Path(target).parent for target in MANIFEST}
    found = {path for folder in folders for path in (WEB.parent / folder).iterdir()}

    assert {entry["package"]: entry["version"] for entry in MANIFEST.values()} == locked
    assert found == {WEB.parent / target for target in MANIFEST} | {
        WEB.parent / path / "LICENSES.txt" for path in folders
    }


def test_the_licences_name_every_package_that_is_served() -> None:
    text = (FOLDER / "vendored/LICENSES.txt").read_text()
    served = {f"{entry['package']} {entry['version']}" for name, entry in MANIFEST.items() if name.startswith("web/")}

    assert served <= set(text.splitlines())


def test_nothing_of_ours_names_another_host() -> None:
    ours = [*(WEB / "pages").iterdir(), *(path for path in FOLDER.iterdir() if path.is_file())]
    hosts = {host for path in ours for host in re.findall(r"\b\w+://([\w.-]+)", path.read_text())}

    # The name of SVG's words, and the site of an example.
    assert hosts == {"www.w3.org", "example.com"}
