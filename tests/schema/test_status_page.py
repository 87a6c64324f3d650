"""What a status page's inputs may hold."""

import pytest

from is0k.schema import CreateComponentInput, CreateStatusPageInput, UpdateComponentInput, UpdateStatusPageInput
from is0k.schema.enums import Visibility
from is0k.schema.rules import faults_of
from is0k.schema.status_page_rules import domain_name, numbered, slug_of


def found(value: object) -> dict[str, str]:
    return {".".join(fault.field): fault.code for fault in faults_of(value)}


def new(**fields: object) -> dict[str, str]:
    return found(CreateStatusPageInput(**{"name": "Shop", **fields}))  # type: ignore[arg-type]


@pytest.mark.parametrize("slug", ["abc", "shop-status", "1st", "a-b-c", "x" * 60])
def test_a_slug_is_lower_case_letters_digits_and_hyphens(slug: str) -> None:
    assert new(slug=slug) == {}


@pytest.mark.parametrize(
    "slug", ["", "ab", "x" * 61, "Shop", "-shop", "shop-", "a--b", "a_b", "a.b", "shöp", "a b", "abc\n"]
)
def test_what_else_is_no_slug(slug: str) -> None:
    assert new(slug=slug) == {"slug": "BAD_SLUG"}


@pytest.mark.parametrize("slug", ["api", "admin", "status", "graphql", "www"])
def test_words_of_our_own_are_kept(slug: str) -> None:
    assert new(slug=slug) == {"slug": "RESERVED"}


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Shop status", "shop-status"),
        ("  Müller & Söhne ", "muller-sohne"),
        ("A" * 100, "a" * 60),
        ("Api", "api-services"),
        ("X1", "x1-services"),
        ("状态", "services"),
    ],
)
def test_a_slug_reads_like_the_name_it_is_made_from(name: str, slug: str) -> None:
    assert slug_of(name) == slug
    assert new(slug=slug) == {}


def test_a_number_behind_a_slug_leaves_it_short_enough() -> None:
    assert numbered("shop", 2) == "shop-2"
    assert numbered("x" * 60, 12) == "x" * 57 + "-12"
    assert numbered("x" * 56 + "-yzz", 12) == "x" * 56 + "-12"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("status.example.com", "status.example.com"),
        ("Status.Example.COM", "status.example.com"),
        ("status.bücher.example", "status.xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_a_domain_is_kept_in_ascii(given: str, name: str) -> None:
    assert domain_name(given) == name
    assert new(custom_domain=given) == {}


@pytest.mark.parametrize(
    "given",
    [
        *("", "localhost", "example.com.", ".example.com", "a..b", "-a.example", "a-.example", "a_b.example"),
        *("https://example.com", "example.com/status", "example.com:443", "user@example.com", "*.example.com"),
        *("127.0.0.1", "[::1]", "::1", "a b.example", "example.com\n", "x" * 64 + ".example", "a." * 130 + "example"),
    ],
)
def test_what_else_is_no_domain(given: str) -> None:
    assert new(custom_domain=given) == {"customDomain": "BAD_DOMAIN"}


@pytest.mark.parametrize("locale", ["en", "pt-BR", "zh-Hant", "zh-Hant-TW", "es-419", "gsw"])
def test_a_locale_is_a_language_tag(locale: str) -> None:
    assert new(locale=locale) == {}


@pytest.mark.parametrize("locale", ["", "EN", "en_US", "en-us", "english", "de-DE-1996", "x-klingon", "en\n"])
def test_what_else_is_no_locale(locale: str) -> None:
    assert new(locale=locale) == {"locale": "BAD_LOCALE"}


@pytest.mark.parametrize("timezone", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])
def test_a_timezone_is_a_name_of_the_database(timezone: str) -> None:
    assert new(timezone=timezone) == {}


@pytest.mark.parametrize("timezone", ["", "Berlin", "europe/berlin", "+01:00", "Europe", "localtime", "../UTC"])
def test_what_else_is_no_timezone(timezone: str) -> None:
    assert new(timezone=timezone) == {"timezone": "UNKNOWN_TIMEZONE"}


def test_history_is_1_to_1095_days() -> None:
    assert new(history_days=1) == new(history_days=1095) == {}
    assert new(history_days=0) == new(history_days=1096) == {"historyDays": "OUT_OF_RANGE"}


@pytest.mark.parametrize("url", ["http://example.com/logo.png", "https://cdn.example.com/logo.svg"])
def test_a_logo_is_a_web_address(url: str) -> None:
    assert new(logo_url=url) == {}


@pytest.mark.parametrize(
    "url", ["", "logo.png", "javascript:alert(1)", "data:image/png;base64,AA", "ftp://a.example/x"]
)
def test_what_else_is_no_logo(url: str) -> None:
    assert new(logo_url=url) == {"logoUrl": "BAD_URL"}


def test_a_password_has_8_to_200_characters() -> None:
    for length, faults in ((7, {"password": "BAD_LENGTH"}), (8, {}), (200, {}), (201, {"password": "BAD_LENGTH"})):
        assert new(visibility=Visibility.PASSWORD, password="x" * length) == faults


def test_a_page_with_a_password_needs_one_and_a_public_page_may_have_none() -> None:
    assert new(visibility=Visibility.PASSWORD) == {"password": "REQUIRED"}
    assert new(password="x" * 8) == {"password": "NOT_ALLOWED"}


def test_there_are_at_most_200_components_of_50_monitors() -> None:
    def component(monitors: int) -> CreateComponentInput:
        return CreateComponentInput(name="Web", monitor_ids=[f"mon_{n}" for n in range(monitors)])  # type: ignore[misc]

    assert new(components=[component(50)] * 1) == {}
    assert new(components=[CreateComponentInput(name=str(n)) for n in range(200)]) == {}
    assert new(components=[CreateComponentInput(name=str(n)) for n in range(201)]) == {"components": "TOO_MANY"}
    assert new(components=[component(51)]) == {"components.0.monitorIds": "TOO_MANY"}


def test_every_component_is_looked_at() -> None:
    faulty = [CreateComponentInput(name=""), CreateComponentInput(name="Web", monitor_ids=["a", "a"])]  # type: ignore[list-item]

    assert new(components=faulty) == {"components.0.name": "BAD_LENGTH", "components.1.monitorIds.1": "DUPLICATE"}


def test_equal_components_may_stand_side_by_side() -> None:
    assert new(components=[CreateComponentInput(name="Web"), CreateComponentInput(name="Web")]) == {}


def test_name_and_slug_cannot_be_cleared() -> None:
    assert found(UpdateStatusPageInput(name=None, slug=None)) == {"name": "REQUIRED", "slug": "REQUIRED"}
    assert found(UpdateStatusPageInput()) == {}


def test_a_new_component_needs_a_name_and_one_that_is_there_keeps_its_own() -> None:
    same = UpdateComponentInput(id="cmp_1")  # type: ignore[arg-type]
    components = [UpdateComponentInput(), same, UpdateComponentInput(id="cmp_2", name=None)]  # type: ignore[arg-type]

    assert found(UpdateStatusPageInput(components=components)) == {
        "components.0.name": "REQUIRED",
        "components.2.name": "REQUIRED",
    }


def test_a_component_stands_in_the_list_once() -> None:
    same = UpdateComponentInput(id="cmp_1")  # type: ignore[arg-type]

    assert found(UpdateStatusPageInput(components=[same, same]))["components.1.id"] == "DUPLICATE"
