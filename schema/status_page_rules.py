"""What the address and the language of a status page may be."""

import re
import unicodedata
from collections.abc import Iterator

import yarl

from is0k.schema.faults import Fault
from is0k.schema.rules import described

SHORTEST_SLUG, LONGEST_SLUG = 3, 60
# What our own addresses begin with, and what a page must not be mistaken for.
# fmt: off
RESERVED_SLUGS = frozenset([
    "account", "admin", "api", "assets", "badge", "billing", "dashboard", "docs", "embed", "favicon", "feed",
    "graphql", "health", "healthz", "help", "home", "incident", "incidents", "is0k", "login", "logout", "metrics",
    "monitors", "new", "openapi", "page", "pages", "ping", "public", "readyz", "robots", "root", "settings",
    "signup", "sitemap", "static", "status", "status-page", "status-pages", "subscribe", "support", "system",
    "unsubscribe", "user", "users", "www",
])
# fmt: on
LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


@described(
    pattern="^[a-z0-9]+(-[a-z0-9]+)*$", minLength=SHORTEST_SLUG, maxLength=LONGEST_SLUG, examples=["shop-status"]
)
def page_slug(value: str) -> Iterator[Fault]:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value) or not SHORTEST_SLUG <= len(value) <= LONGEST_SLUG:
        message = f"Must be {SHORTEST_SLUG} to {LONGEST_SLUG} lower-case letters, digits and single - between them"
        yield Fault((), "BAD_SLUG", message)
    elif value in RESERVED_SLUGS:
        yield Fault((), "RESERVED", f"'{value}' is kept for is0k itself")


def slug_of(name: str) -> str:
    """A slug that reads like the name: `Müller & Söhne` is `muller-sohne`."""
    letters = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", letters)[:LONGEST_SLUG].strip("-")
    return f"{slug}-services".lstrip("-") if len(slug) < SHORTEST_SLUG or slug in RESERVED_SLUGS else slug


def numbered(slug: str, number: int) -> str:
    """The slug with a number behind it, still not too long."""
    tail = f"-{number}"
    return slug[: LONGEST_SLUG - len(tail)].rstrip("-") + tail


@described(maxLength=253, examples=["status.example.com"])
def domain(value: str) -> Iterator[Fault]:
    if domain_name(value) is None:
        yield Fault((), "BAD_DOMAIN", "Must be a host name such as status.example.com, without scheme, port or path")


def domain_name(value: str) -> str | None:
    """The host name in lower case and ASCII (IDNA), or None if it is none."""
    try:
        ascii_name = yarl.URL.build(scheme="https", host=value.lower()).raw_host or ""
    except ValueError:
        return None
    labels = ascii_name.split(".")
    # A last label of digits would be an IP address; one label alone is a name of the local network.
    is_name = len(labels) > 1 and all(map(LABEL.fullmatch, labels)) and not labels[-1].isdigit()
    return ascii_name if is_name and len(ascii_name) <= 253 else None


@described(pattern="^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$", examples=["en"])
def locale(value: str) -> Iterator[Fault]:
    """Language, script and region of BCP 47 (RFC 5646 §2.1), in their usual letter case."""
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?", value):
        yield Fault((), "BAD_LOCALE", "Must be a language tag such as en, pt-BR or zh-Hant-TW")
