"""What a provider says, made fit to be stored and shown."""

import re
from collections.abc import Iterator

from is0k.schema.typed_settings import MASK, secret_texts

MAX_WORDS = 500
# Shorter ones would black out words that only happen to be the same.
SHORTEST_SECRET, SHORTEST_PIECE = 4, 8
# Many a webhook's address is its credential: of any URL only the host is told.
URL = re.compile(r"(\w+://)(?:[^/\s?#@]*@)?([^/\s?#]+)(?:[/?#]\S*)?")
WEB_HOST = re.compile(r"^https?://[^/?#]+")
# "services" and "webhooks" stand in the credentials of everybody.
WORD = re.compile("[a-z]{1,11}")
CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def shown(words: str, settings: object) -> str:
    """One line, without what is secret in `settings`."""
    words = URL.sub(r"\1\2/…", CONTROL.sub(" ", words)).strip()
    for secret in sorted(_tellable(settings), key=len, reverse=True):
        words = _without_its_beginning(words.replace(secret, MASK), secret)
    # PostgreSQL takes no lone surrogates.
    return words[:MAX_WORDS].encode("utf-8", "replace").decode()


def _without_its_beginning(words: str, secret: str) -> str:
    """Only so much of an answer is read: the end may fall into a secret."""
    for length in range(len(secret) - 1, SHORTEST_SECRET - 1, -1):
        if words.endswith(secret[:length]):
            return words[:-length] + MASK
    return words


def _tellable(settings: object) -> Iterator[str]:
    """The secrets, and their parts: a 404 page repeats the path of a URL, a proxy the token behind `Bearer`."""
    for secret in secret_texts(settings):
        if len(secret) >= SHORTEST_SECRET:
            yield secret
        pieces = re.split(r"[/?&=@:,\s]+", WEB_HOST.sub("", secret))
        yield from (piece for piece in pieces if len(piece) >= SHORTEST_PIECE and not WORD.fullmatch(piece))
