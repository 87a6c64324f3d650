import gzip
import zlib

import pytest

from is0k.probes.body import spellings
from is0k.probes.http import HttpProbe
from is0k.schema.enums import CheckStatus, HttpMethod, KeywordMode, Reason
from is0k.tests.probes.site import Site, page, settings

pytestmark = pytest.mark.anyio

KIB_256 = 256 * 1024


async def test_a_keyword_in_the_body_is_up(probe: HttpProbe) -> None:
    async with Site({"/": page("alles grün".encode())}) as site:
        outcome = await probe.run(settings(site.url(), keyword="grün"), 5)

    assert outcome.status is CheckStatus.UP


async def test_a_missing_keyword_is_down(probe: HttpProbe) -> None:
    async with Site({"/": page(b"OK")}) as site:
        outcome = await probe.run(settings(site.url(), keyword="ok"), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.KEYWORD_MISSING)
    assert outcome.message == "keyword 'ok' is missing from the body (all 2 bytes looked at)"
    assert outcome.status_code == 200
    assert outcome.detail["bodyExcerpt"] == "OK"


async def test_an_unwanted_keyword_is_down(probe: HttpProbe) -> None:
    async with Site({"/": page(b"fatal error")}) as site:
        outcome = await probe.run(settings(site.url(), keyword="error", keyword_mode=KeywordMode.ABSENT), 5)

    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.KEYWORD_PRESENT)
    assert outcome.message == "keyword 'error' is in the body"
    assert outcome.detail["bodyExcerpt"] == "fatal error"


async def test_an_unwanted_keyword_that_is_absent_is_up(probe: HttpProbe) -> None:
    async with Site({"/": page(b"fine")}) as site:
        outcome = await probe.run(settings(site.url(), keyword="error", keyword_mode=KeywordMode.ABSENT), 5)

    assert outcome.status is CheckStatus.UP


async def test_the_status_is_judged_before_the_keyword(probe: HttpProbe) -> None:
    async with Site({"/": page(b"nothing", 500)}) as site:
        outcome = await probe.run(settings(site.url(), keyword="ok"), 5)

    assert outcome.reason is Reason.BAD_STATUS


async def test_the_answer_to_head_is_not_searched(probe: HttpProbe) -> None:
    async with Site({"/": b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"}) as site:
        outcome = await probe.run(settings(site.url(), keyword="ok", method=HttpMethod.HEAD), 5)

    assert outcome.status is CheckStatus.UP


async def test_a_keyword_at_the_end_of_the_first_256_kib_is_found(probe: HttpProbe) -> None:
    async with Site({"/": page(b"x" * (KIB_256 - 6) + b"needle" + b"x" * 9)}) as site:
        outcome = await probe.run(settings(site.url(), keyword="needle"), 5)

    assert outcome.status is CheckStatus.UP


async def test_a_keyword_beyond_the_first_256_kib_is_missing(probe: HttpProbe) -> None:
    async with Site({"/": page(b"x" * (KIB_256 - 5) + b"needle")}) as site:
        outcome = await probe.run(settings(site.url(), keyword="needle"), 5)

    assert outcome.message == "keyword 'needle' is missing from the body (first 256 KiB looked at)"


async def test_a_keyword_cut_in_two_by_the_network_is_found(probe: HttpProbe) -> None:
    answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nn\r\n2\r\nee\r\n3\r\ndle\r\n0\r\n\r\n"
    async with Site({"/": answer}) as site:
        outcome = await probe.run(settings(site.url(), keyword="needle"), 5)

    assert outcome.status is CheckStatus.UP


def raw_deflate(body: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(body) + stream.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"needle", mtime=0)),
        ("X-GZIP", gzip.compress(b"needle", mtime=0)),
        ("deflate", zlib.compress(b"needle")),
        ("deflate", raw_deflate(b"needle")),
        ("identity", b"needle"),
    ],
)
async def test_a_keyword_is_found_in_a_compressed_body(probe: HttpProbe, encoding: str, body: bytes) -> None:
    async with Site({"/": page(body, content_encoding=encoding)}) as site:
        outcome = await probe.run(settings(site.url(), keyword="needle"), 5)

    assert outcome.status is CheckStatus.UP


async def test_a_body_in_an_encoding_we_did_not_ask_for_is_an_error_only_if_it_is_needed(probe: HttpProbe) -> None:
    async with Site({"/": page(b"\x8b\x02\x80ok\x03", content_encoding="br")}) as site:
        without = await probe.run(settings(site.url()), 5)
        outcome = await probe.run(settings(site.url(), keyword="ok"), 5)

    assert without.status is CheckStatus.UP
    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.CONNECTION_ERROR)
    assert outcome.message == "the body comes in an encoding that was not asked for"


async def test_a_body_that_is_not_gzip_as_it_claims_is_an_error(probe: HttpProbe) -> None:
    async with Site({"/": page(b"plain", content_encoding="gzip")}) as site:
        outcome = await probe.run(settings(site.url(), keyword="ok"), 5)

    assert outcome.reason is Reason.CONNECTION_ERROR
    assert outcome.message == "the body is not compressed the way it claims to be"


@pytest.mark.parametrize("charset", ["iso-8859-1", "UTF-16", "utf-16-be", "utf-32", "windows-1252", "shift_jis"])
async def test_a_keyword_is_found_in_the_charset_of_the_answer(probe: HttpProbe, charset: str) -> None:
    keyword = "緑" if charset == "shift_jis" else "grün"
    body = f"alles {keyword}!".encode(charset)
    async with Site({"/": page(body, content_type=f"text/html; charset={charset}")}) as site:
        outcome = await probe.run(settings(site.url(), keyword=keyword), 5)

    assert outcome.status is CheckStatus.UP


@pytest.mark.parametrize("charset", ["zlib", "hex", "undefined", "idna", "no-such", "a\0b", "\udcff", "../../etc", ""])
def test_a_senseless_charset_does_no_harm(charset: str) -> None:
    assert b"gr\xc3\xbcn" in spellings("grün", charset)


async def test_a_body_cut_short_is_an_error_when_the_keyword_was_not_in_it(probe: HttpProbe) -> None:
    async with Site({"/": b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nfirst"}, hangs_up=True) as site:
        found = await probe.run(settings(site.url(), keyword="first"), 5)
        outcome = await probe.run(settings(site.url(), keyword="second"), 5)

    assert found.status is CheckStatus.UP
    assert (outcome.status, outcome.reason) == (CheckStatus.DOWN, Reason.CONNECTION_ERROR)
    assert outcome.message == f"127.0.0.1:{site.port} closed the connection before the answer was complete"


async def test_the_body_is_not_waited_for_when_no_keyword_needs_it(probe: HttpProbe) -> None:
    async with Site({"/": b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n"}) as site:
        outcome = await probe.run(settings(site.url()), 5)
        await site.until_alone()

    assert outcome.status is CheckStatus.UP
    assert outcome.timings.total_ms is not None
    assert outcome.timings.total_ms < 1000
