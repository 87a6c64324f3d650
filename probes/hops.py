"""The requests of one check: the first, and those its redirects lead to."""

import base64
from dataclasses import dataclass, replace

from aiohttp import ClientResponse
from yarl import URL

from is0k.probes.failures import Failure
from is0k.schema.enums import Reason
from is0k.schema.http_settings import BasicAuth, HttpSettings

MAX_REDIRECTS = 5
REDIRECTS = frozenset((301, 302, 303, 307, 308))


@dataclass(frozen=True, slots=True)
class Hop:
    """One request of a check."""

    method: str
    url: URL
    headers: dict[str, str]
    body: str | None
    redirects: int = 0


def first_hop(settings: HttpSettings) -> Hop:
    headers = dict(settings.headers)
    if settings.basic_auth:
        headers["Authorization"] = credentials(settings.basic_auth)
    return Hop(settings.method.value, web_address(settings.url), headers, settings.body or None)


def credentials(basic: BasicAuth) -> str:
    """RFC 7617 §2.1; UTF-8 is what servers that say anything ask for."""
    pair = f"{basic.username}:{basic.password}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def next_hop(hop: Hop, response: ClientResponse) -> Hop | None:
    """The request a redirect leads to, by the rules of browsers: https://fetch.spec.whatwg.org/#http-redirect-fetch.

    Stricter in one thing: of our headers none goes to another origin, because any may be a credential.
    """
    location = response.headers.get("Location")
    if response.status not in REDIRECTS or not location:
        return None
    if hop.redirects == MAX_REDIRECTS:
        raise Failure(Reason.TOO_MANY_REDIRECTS, f"more than {MAX_REDIRECTS} redirects")
    url = web_address(location, hop.url)
    following = replace(hop, url=url, redirects=hop.redirects + 1)
    if origin(url) != origin(hop.url):
        following = replace(following, headers={})
    if becomes_get(response.status, hop.method):
        kept = {name: value for name, value in following.headers.items() if not name.lower().startswith("content-")}
        following = replace(following, method="GET", body=None, headers=kept)
    return following


def becomes_get(status: int, method: str) -> bool:
    return (status == 303 and method not in ("GET", "HEAD")) or (status in (301, 302) and method == "POST")


def web_address(text: str, base: URL | None = None) -> URL:
    """Without user name and password, which would become a header."""
    try:
        url = base.join(URL(text)) if base else URL(text)
        if url.scheme in ("http", "https") and url.raw_host and url.port:
            return url.with_user(None).with_fragment(None)
    except ValueError:
        pass
    subject = "the redirect's target" if base else "the target"
    raise Failure(Reason.BLOCKED_TARGET, f"{subject} is not an http or https address")


def origin(url: URL) -> tuple[str, str | None, int | None]:
    return url.scheme, url.raw_host, url.port
