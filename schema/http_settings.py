"""Settings of an `http` monitor."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

import strawberry

from is0k.schema.enums import HttpMethod, IpVersion, KeywordMode
from is0k.schema.faults import Fault
from is0k.schema.rules import Headers, HttpUrl, Shape, Text, rule
from is0k.schema.scalars import ExpectedStatus, StringMap
from is0k.schema.typed_settings import as_input, as_patch

# A read shows these in full; the value of any other header may be a credential and is masked.
HARMLESS_HEADERS = frozenset(
    [
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "content-type",
        "origin",
        "pragma",
        "referer",
        "user-agent",
    ]
)


# RFC 7617 §2: the first colon ends it.
USER_NAME = Shape(
    r"[^:\x00-\x1f\x7f]{1,255}", "Must have 1 to 255 characters, without colons and control characters", "monitor"
)


@strawberry.type(description="User name and password, sent as RFC 7617 says; never on to another origin.")
class BasicAuth:
    username: str = strawberry.field(metadata=rule(USER_NAME))
    password: str = strawberry.field(
        description="A read masks it; the mask written back keeps what is stored.",
        metadata=rule(Text(0, 1_024), secret=True, example="correct horse battery staple"),
    )


@strawberry.type(description="Watch a URL. The latency is the time to the first byte of the last answer.")
class HttpSettings:
    url: str = strawberry.field(metadata=rule(HttpUrl()))
    method: HttpMethod = HttpMethod.GET
    expected_status: ExpectedStatus = strawberry.field(
        default_factory=lambda: ExpectedStatus(["200"]),
        description='The status that means up: a code, a class such as "2xx", or a list.',
    )
    keyword: str | None = strawberry.field(
        default=None,
        description="Text looked for in the first 256 KiB of the body, letter case included.",
        metadata=rule(Text(1, 500)),
    )
    keyword_mode: KeywordMode = KeywordMode.CONTAINS
    headers: StringMap = strawberry.field(
        default_factory=lambda: StringMap({}),
        description="Request headers. A read masks the values that may be credentials; "
        "a masked value written back keeps what is stored.",
        metadata=rule(Headers(), secret=True, harmless=HARMLESS_HEADERS),
    )
    body: str | None = strawberry.field(
        default=None, description="Request body, sent as it is.", metadata=rule(Text(0, 65_536, is_line=False))
    )
    basic_auth: BasicAuth | None = strawberry.field(
        default=None,
        description="Given and taken as a whole; null sends none.",
        metadata={"secret": True},
    )
    follow_redirects: bool = strawberry.field(default=True, description="Follow up to 5 redirects.")
    verify_tls: bool = strawberry.field(default=True, description="Verify the certificate's chain, name and dates.")
    ip_version: IpVersion = strawberry.field(
        default=IpVersion.ANY,
        description="Which addresses of the host's name are tried; an address in the URL is tried as it is.",
    )

    def faults(self) -> Iterator[Fault]:
        if self.body and self.method is HttpMethod.HEAD:
            yield Fault(("body",), "NOT_ALLOWED", "A HEAD request has no body")
        if self.keyword and self.method is HttpMethod.HEAD:
            yield Fault(("keyword",), "NOT_ALLOWED", "The answer to HEAD has no body to look in")
        if self.basic_auth and "authorization" in map(str.lower, self.headers or {}):
            yield Fault(("basic_auth",), "CONFLICT", "The headers have an Authorization of their own")


if TYPE_CHECKING:
    HttpSettingsInput: TypeAlias = HttpSettings
    HttpSettingsPatch: TypeAlias = HttpSettings
else:
    HttpSettingsInput, HttpSettingsPatch = as_input(HttpSettings), as_patch(HttpSettings)
