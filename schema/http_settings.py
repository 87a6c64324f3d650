"""Settings of an `http` monitor."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

import strawberry

from is0k.schema.enums import HttpMethod, KeywordMode
from is0k.schema.faults import Fault
from is0k.schema.rules import Headers, HttpUrl, Text, rule
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
    follow_redirects: bool = strawberry.field(default=True, description="Follow up to 5 redirects.")
    verify_tls: bool = strawberry.field(default=True, description="Verify the certificate's chain, name and dates.")

    def faults(self) -> Iterator[Fault]:
        if self.body and self.method is HttpMethod.HEAD:
            yield Fault(("body",), "NOT_ALLOWED", "A HEAD request has no body")
        if self.keyword and self.method is HttpMethod.HEAD:
            yield Fault(("keyword",), "NOT_ALLOWED", "The answer to HEAD has no body to look in")


if TYPE_CHECKING:
    HttpSettingsInput: TypeAlias = HttpSettings
    HttpSettingsPatch: TypeAlias = HttpSettings
else:
    HttpSettingsInput, HttpSettingsPatch = as_input(HttpSettings), as_patch(HttpSettings)
