"""Every rule, on both of its sides."""

from dataclasses import dataclass, field

import pytest
from strawberry import UNSET

from is0k.schema.faults import Fault
from is0k.schema.rules import Each, Headers, HttpUrl, Range, Rule, Slug, Text, faults_of, rule


def codes(check: Rule, value: object) -> list[tuple[tuple[str | int, ...], str]]:
    return [(fault.path, fault.code) for fault in check(value)]


@pytest.mark.parametrize(("value", "is_good"), [(4.99, False), (5, True), (30, True), (30.01, False), (-5, False)])
def test_a_range_holds_both_its_ends(value: float, is_good: bool) -> None:
    assert codes(Range(5, 30), value) == ([] if is_good else [((), "OUT_OF_RANGE")])


def test_a_range_tells_its_ends_in_its_unit() -> None:
    [fault] = Range(5, 86_400, " seconds")(4)

    assert fault.message == "Must be from 5 to 86400 seconds"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("", ["BAD_LENGTH"]),
        ("   ", ["BAD_LENGTH"]),
        ("a", []),
        ("abc", []),
        ("  abc  ", ["BAD_LENGTH"]),
        (" a ", []),
        ("abcd", ["BAD_LENGTH"]),
        ("äöü", []),
        ("a\nb", ["BAD_CHARACTER"]),
        ("a\tb", ["BAD_CHARACTER"]),
        ("a\x00b", ["BAD_CHARACTER"]),
        ("a\x7fb", ["BAD_CHARACTER"]),
        ("\x00" * 4, ["BAD_LENGTH", "BAD_CHARACTER"]),
    ],
)
def test_a_line_has_a_length_and_no_control_characters(value: str, found: list[str]) -> None:
    assert [fault.code for fault in Text(1, 3)(value)] == found


@pytest.mark.parametrize(
    ("value", "found"), [("", []), ("{\n\t1}\r\n", []), (" " * 11, ["BAD_LENGTH"]), ("\x00", ["BAD_CHARACTER"])]
)
def test_a_text_of_lines_may_break_and_its_blanks_count(value: str, found: list[str]) -> None:
    assert [fault.code for fault in Text(0, 10, is_line=False)(value)] == found


@pytest.mark.parametrize("value", ["a", "0", "prod", "eu-west", "team:ops", "v1.2_x", "a" * 50])
def test_a_slug_is_a_word_of_small_letters_digits_and_signs(value: str) -> None:
    assert codes(Slug(), value) == []


@pytest.mark.parametrize("value", ["", "Prod", "a b", "-a", "_a", ".a", "ä", "a\n", "a,b", "a%", "a" * 51])
def test_what_is_no_slug_is_refused(value: str) -> None:
    assert codes(Slug(), value) == [((), "BAD_SLUG")]


def test_each_item_is_judged_under_its_place() -> None:
    assert codes(Each(Slug(), 3), ["ok", "NO", "fine"]) == [((1,), "BAD_SLUG")]


def test_no_item_stands_twice() -> None:
    [fault] = Each(Slug(), 3)(["a", "b", "a"])

    assert (fault.path, fault.code, fault.message) == ((2,), "DUPLICATE", "'a' stands here twice")


def test_a_list_has_a_largest_length() -> None:
    assert codes(Each(Slug(), 2), ["a", "b"]) == []
    assert codes(Each(Slug(), 2), ["a", "b", "NOT LOOKED AT"]) == [((), "TOO_MANY")]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "https://example.com/health?deep=1#top",
        "HTTPS://EXAMPLE.COM/",
        "http://192.0.2.1:8080/",
        "http://[2001:db8::1]:8080/",
        "https://bücher.example/",
        "https://example.com:65535",
        "http://localhost",
        "https://example.com/" + "a" * 2028,
    ],
)
def test_a_url_names_a_scheme_and_a_host(url: str) -> None:
    assert codes(HttpUrl(), url) == []


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "Must be a URL that begins with http:// or https:// and names a host"),
        ("example.com", "Must be a URL that begins with http:// or https:// and names a host"),
        ("ftp://example.com", "Must be a URL that begins with http:// or https:// and names a host"),
        ("file:///etc/passwd", "Must be a URL that begins with http:// or https:// and names a host"),
        ("javascript:alert(1)", "Must be a URL that begins with http:// or https:// and names a host"),
        ("http://", "Must be a URL that begins with http:// or https:// and names a host"),
        ("http:///path", "Must be a URL that begins with http:// or https:// and names a host"),
        ("http://[::1", "Must be a URL such as https://example.com/health"),
        ("http://example.com:port", "Must be a URL such as https://example.com/health"),
        ("http://example.com:65536", "Must be a URL such as https://example.com/health"),
        ("http://example.com:0", "Must not name port 0"),
        ("http://me@example.com", "Must not hold a user name or password"),
        ("http://me:secret@example.com", "Must not hold a user name or password"),
        ("http://exa mple.com", "Must be a URL without spaces or control characters"),
        ("http://example.com/\r\nHost: evil", "Must be a URL without spaces or control characters"),
        ("http://example.com/\x7f", "Must be a URL without spaces or control characters"),
    ],
)
def test_what_is_no_url_is_refused_and_told_why(url: str, message: str) -> None:
    [fault] = HttpUrl()(url)

    assert (fault.path, fault.code, fault.message) == ((), "BAD_URL", message)


def test_a_url_has_a_largest_length() -> None:
    assert codes(HttpUrl(), "https://example.com/" + "a" * 2029) == [((), "BAD_LENGTH")]


@pytest.mark.parametrize(
    "headers", [{}, {"X-A": ""}, {"X-A": "tab\there"}, {"X-A": "é"}, {"!#$%&'*+.^_`|~-": "1"}, {"X-A": "x" * 4096}]
)
def test_headers_have_names_of_tokens_and_values_of_one_line(headers: dict[str, str]) -> None:
    assert codes(Headers(), headers) == []


@pytest.mark.parametrize("name", ["", "a b", "a:", "é", "a\n", "a" * 129])
def test_a_bad_header_name_is_refused(name: str) -> None:
    assert codes(Headers(), {name: "1"}) == [((name,), "BAD_HEADER_NAME")]


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "CONNECTION", "TE", "Upgrade"])
def test_a_header_of_the_connection_itself_is_refused(name: str) -> None:
    [fault] = Headers()({name: "1"})

    assert (fault.code, fault.message) == ("BAD_HEADER_NAME", f"The header {name} is set by is0k itself")


@pytest.mark.parametrize("value", ["a\r\nHost: evil", "a\nb", "a\x00", "a\x7f", "x" * 4097])
def test_a_header_value_that_is_not_one_line_is_refused(value: str) -> None:
    assert codes(Headers(), {"X-A": value}) == [(("X-A",), "BAD_HEADER_VALUE")]


def test_there_are_at_most_32_headers() -> None:
    assert codes(Headers(), {f"X-{n}": "" for n in range(32)}) == []
    assert codes(Headers(), {f"X-{n}": "" for n in range(33)}) == [((), "TOO_MANY")]


@dataclass
class Inner:
    port: object = field(metadata=rule(Range(1, 9)))

    def faults(self) -> list[Fault]:
        return [Fault(("port",), "TOGETHER", "x")] if self.port == 0 else []


@dataclass
class Outer:
    name: object = field(metadata=rule(Text(1, 3)))
    inner: object = None


def test_the_faults_of_an_input_are_all_of_them_with_their_paths() -> None:
    found = [(fault.path, fault.code) for fault in faults_of(Outer("long", Inner(0)))]

    assert found == [
        (("name",), "BAD_LENGTH"),
        (("inner", "port"), "OUT_OF_RANGE"),
        (("inner", "port"), "TOGETHER"),
    ]


@pytest.mark.parametrize("value", [UNSET, None])
def test_what_is_absent_or_null_keeps_every_rule(value: object) -> None:
    assert list(faults_of(Outer(value, value))) == []


@pytest.mark.parametrize("value", ["text", 1, None, Outer, [Inner(0)]])
def test_what_is_no_input_has_no_faults(value: object) -> None:
    assert list(faults_of(value)) == []
