"""`/static`: the files of `web/static`, under names that change with their content, so that browsers may keep them.

What is stored as `name.gz` is served as `name`: compressed once, when it was vendored.
"""

import gzip
import mimetypes
import re
from asyncio import to_thread
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

FOLDER = Path(__file__).parent / "static"
FOR_GOOD = "public, max-age=31536000, immutable"
LINK = re.compile(r'(?<=")((?:\.\./)*static)/([^"]+)(?=")')


@dataclass(frozen=True)
class StaticFile:
    path: Path
    name: str  # below /static
    digest: str

    @property
    def is_compressed(self) -> bool:
        return self.path.suffix == ".gz"

    @property
    def media_type(self) -> str:
        return mimetypes.guess_type(self.name)[0] or "text/plain"

    async def answer(self, request: Request) -> Response:
        plain = self.is_compressed and not accepts_gzip(request)
        etag = f'"{self.digest}{"-plain" if plain else ""}"'
        headers = {
            "Cache-Control": FOR_GOOD,
            "ETag": etag,
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if matches(request, etag):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        if plain:
            return Response(await to_thread(self._decompressed), headers=headers, media_type=self.media_type)
        if self.is_compressed:
            headers["Content-Encoding"] = "gzip"
        return FileResponse(self.path, headers=headers, media_type=self.media_type)

    def _decompressed(self) -> bytes:
        return gzip.decompress(self.path.read_bytes())


@cache
def static_files() -> dict[str, StaticFile]:
    files = (_read(path) for path in sorted(FOLDER.rglob("*")) if path.is_file())
    return {file.name: file for file in files}


def _read(path: Path) -> StaticFile:
    name = path.relative_to(FOLDER).as_posix().removesuffix(".gz")
    return StaticFile(path, name, sha256(path.read_bytes()).hexdigest()[:16])


def linked(html: str) -> str:
    """The page, with the digest of the file in every link to one; a file that is not there is a KeyError."""
    return LINK.sub(lambda link: f"{link[1]}/{static_files()[link[2]].digest}/{link[2]}", html)


async def _serve(request: Request) -> Response:
    file = static_files().get(request.path_params["name"])
    if file is None or file.digest != request.path_params["digest"]:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return await file.answer(request)


def static_route() -> Route:
    return Route("/static/{digest}/{name:path}", _serve)


def matches(request: Request, etag: str) -> bool:
    """Whether the caller has this already. A proxy that compresses may have made the ETag a weak one."""
    given = request.headers.get("if-none-match", "")
    return given == "*" or etag in (tag.strip().removeprefix("W/") for tag in given.split(","))


def accepts_gzip(request: Request) -> bool:
    """As RFC 9110 12.5.3 weighs it: `gzip;q=0` is a no, `*` stands for what is not named."""
    weights = {}
    for item in request.headers.get("accept-encoding", "").lower().split(","):
        coding, _, weight = item.partition(";")
        weights[coding.strip()] = weight.strip().removeprefix("q=").strip("0.") != "" if weight else True
    return weights.get("gzip", weights.get("*", False))
