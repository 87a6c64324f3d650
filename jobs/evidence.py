"""What a check saw, and in a sentence or two what was different when the target was last well. Pure.

The names are those of `Outcome.detail`, the same for every probe: `remoteAddress` ("ip:port"), `addresses`, `tls`
{subject, issuer, notBefore, notAfter, fingerprint}, `finalUrl`, `redirects`, `headers` (names in lower case),
`bodyExcerpt`, `resolver`, `rcode`, `answers`, `packetLossPercent`, `assertions`. Beside them stand `statusCode`,
`latencyMs` and `timings`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from is0k.models.check import REASONS, STATUSES
from is0k.models.sql import Row, json_of
from is0k.probes.base import Outcome, Timings
from is0k.schema.enums import Reason

Facts = Mapping[str, Any]

MOST_SENTENCES = 2
LONGEST_VALUE = 80
MOST_SHOWN = 3
# Others change with every answer, or tell nothing to a person.
HEADERS = ("content-type", "server", "location", "www-authenticate", "retry-after", "via", "x-powered-by")
PHASES = {
    "dnsMs": "Looking up the name",
    "connectMs": "Connecting",
    "tlsMs": "The TLS handshake",
    "firstByteMs": "Waiting for the first byte",
}
# Less is how networks are.
GROWN_TIMES, GROWN_MS = 3, 250
SIZE_TIMES = 2
TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,500})</title", re.IGNORECASE)


def facts_of(outcome: Outcome) -> dict[str, Any]:
    facts: dict[str, Any] = {"statusCode": outcome.status_code, "latencyMs": outcome.latency_ms}
    if outcome.reason is not Reason.OK:
        facts["reason"] = outcome.reason.value
    if outcome.message:
        facts["message"] = outcome.message
    timings = outcome.timings
    phases = {
        "dnsMs": timings.dns_ms,
        "connectMs": timings.connect_ms,
        "tlsMs": timings.tls_ms,
        "firstByteMs": timings.first_byte_ms,
        "totalMs": timings.total_ms,
    }
    if known := {name: took for name, took in phases.items() if took is not None}:
        facts["timings"] = known
    return facts | outcome.detail


def outcome_of(row: Row) -> Outcome:
    """Of a stored check. One that was well has kept no detail."""
    return Outcome(
        status=STATUSES[row["status"]],
        reason=REASONS[row["reason"]],
        message=row["message"],
        latency_ms=_ms(row["latency_us"]),
        timings=Timings(*(_ms(row[f"{phase}_us"]) for phase in ("dns", "connect", "tls", "first_byte", "total"))),
        status_code=row["status_code"],
        detail=json_of(row["detail"]) if row["detail"] else {},
    )


def what_changed(good: Facts, bad: Facts) -> str | None:
    """The most telling first, two sentences at most; None when nothing can be said."""
    found = (look(good, bad) for look in LOOKS)
    said = [f"{sentence}." for sentence in found if sentence][:MOST_SENTENCES]
    return " ".join(said) or None


def _address(good: Facts, bad: Facts) -> str | None:
    """Not where several take turns: one that was there before is no news. A dns monitor talks to a name server."""
    before = good.get("addresses") or _connected(good)
    now = [address for address in _connected(bad) or bad.get("addresses", ()) if address not in before]
    if not now or not before or set(_connected(bad)) & set(_connected(good)):
        return None
    which = "name server" if "resolver" in bad else "address"
    return f"The {which} is now {_list(now)}, was {_list(before)}"


def _certificate(good: Facts, bad: Facts) -> str | None:
    before, now = good.get("tls") or {}, bad.get("tls") or {}
    if not before.get("fingerprint") or not now.get("fingerprint") or before["fingerprint"] == now["fingerprint"]:
        return None
    for field, words, shown in (
        ("subject", "for", _name),
        ("issuer", "from", _name),
        ("notAfter", "valid until", _day),
    ):
        if shown(now.get(field)) != shown(before.get(field)):
            return f"The certificate is now {words} {shown(now.get(field))}, was {words} {shown(before.get(field))}"
    return "The certificate is another one, of the same issuer"


def _status(good: Facts, bad: Facts) -> str | None:
    before, now = good.get("statusCode"), bad.get("statusCode")
    return None if None in (before, now) or before == now else f"The status is now {now}, was {before}"


def _redirect(good: Facts, bad: Facts) -> str | None:
    """Without the query, which may be another each time."""
    if good.get("statusCode") is None or (bad.get("statusCode") is None and not bad.get("finalUrl")):
        return None
    before, now = ((facts.get("finalUrl") or "").partition("?")[0] for facts in (good, bad))
    if before == now:
        return None
    if not now:
        return f"It no longer redirects, before it did to {_short(before)}"
    return f"It now redirects to {_short(now)}, " + (f"before to {_short(before)}" if before else "before it did not")


def _header(good: Facts, bad: Facts) -> str | None:
    before, now = good.get("headers"), bad.get("headers")
    if not before or not now:
        return None
    for name in HEADERS:
        if now.get(name) != before.get(name):
            is_now = f"is now {_short(now[name])}" if name in now else "is gone"
            was = f"was {_short(before[name])}" if name in before else "was not there"
            return f"The header {name} {is_now}, {was}"
    return None


def _body(good: Facts, bad: Facts) -> str | None:
    before, now = _title(good), _title(bad)
    if before and now and before != now:
        return f'The page is now "{now}", was "{before}"'
    old, new = _size(good), _size(bad)
    if old is None or new is None or max(old, new) < SIZE_TIMES * max(1, min(old, new)):
        return None
    return f"The body is now {_bytes(new)}, was {_bytes(old)}"


def _rcode(good: Facts, bad: Facts) -> str | None:
    before, now = good.get("rcode"), bad.get("rcode")
    return None if None in (before, now) or before == now else f"The name server now says {now}, before {before}"


def _answers(good: Facts, bad: Facts) -> str | None:
    before, now = good.get("answers"), bad.get("answers")
    if before is None or now is None or sorted(before) == sorted(now):
        return None
    return f"The answer is now {_list(now)}, was {_list(before)}"


def _phase(good: Facts, bad: Facts) -> str | None:
    before, now = good.get("timings") or {}, bad.get("timings") or {}
    grown = [name for name in PHASES if _has_grown(before.get(name), now.get(name))]
    if grown:
        name = max(grown, key=lambda name: now[name] - before[name])
        return f"{PHASES[name]} took {_duration(now[name])}, before {_duration(before[name])}"
    return _unended(before, now) if bad.get("reason") == Reason.TIMEOUT.value and not bad.get("redirects") else None


def _unended(before: Facts, now: Facts) -> str | None:
    """The first phase that a check which ran out of time did not get through. Not after redirects: the total time is
    theirs too."""
    for name, words in PHASES.items():
        if name in before and name not in now:
            spent = now.get("totalMs", 0) - sum(now.get(phase, 0) for phase in PHASES)
            if _has_grown(before[name], spent):
                return f"{words} did not end within {_duration(spent)}, before {_duration(before[name])}"
            return None
    return None


def _packet_loss(good: Facts, bad: Facts) -> str | None:
    before, now = good.get("packetLossPercent"), bad.get("packetLossPercent")
    if before is None or now is None or now <= before:
        return None
    return f"{now:.0f} % of the packets were lost, before {before:.0f} %"


def _latency(good: Facts, bad: Facts) -> str | None:
    """Where there are no phases to tell more."""
    before, now = good.get("latencyMs") or 0.0, bad.get("latencyMs") or 0.0
    if not before or bad.get("timings", {}).keys() & PHASES.keys() or not _has_grown(before, now):
        return None
    return f"An answer took {_duration(now)}, before {_duration(before)}"


def _turn(good: Facts, bad: Facts) -> str | None:
    """Of several addresses perhaps only this one is ill."""
    before, now, count = _connected(good), _connected(bad), len(bad.get("addresses") or ())
    if not before or not now or before == now or count < 2:
        return None
    return f"This was {_list(now)}, one of {count} addresses; the last good was {_list(before)}"


LOOKS: Sequence[Callable[[Facts, Facts], str | None]] = (
    _address,
    _certificate,
    _status,
    _redirect,
    _header,
    _body,
    _rcode,
    _answers,
    _phase,
    _packet_loss,
    _latency,
    _turn,
)


def _has_grown(before: float | None, now: float | None) -> bool:
    return before is not None and now is not None and now >= GROWN_TIMES * before and now - before >= GROWN_MS


def _connected(facts: Facts) -> list[str]:
    """The address that answered, without its port if it has one; none when none did."""
    address = str(facts.get("remoteAddress") or "")
    if address.startswith("["):
        return [address[1:].partition("]")[0]]
    return [address.partition(":")[0] if address.count(":") == 1 else address] if address else []


def _title(facts: Facts) -> str | None:
    found = TITLE.search(facts.get("bodyExcerpt") or "")
    return _short(found[1]) if found else None


def _size(facts: Facts) -> int | None:
    length = str((facts.get("headers") or {}).get("content-length", ""))
    return int(length) if re.fullmatch("[0-9]{1,18}", length) else None


def _name(distinguished: str | None) -> str:
    """The common name of a certificate's subject or issuer (RFC 4514), or all of it."""
    found = re.search(r"(?:^|,)CN=((?:\\.|[^,\\])+)", distinguished or "")
    return _short(found[1] if found else distinguished or "nobody")


def _day(moment: str | None) -> str:
    return (moment or "?")[:10]


def _list(values: Sequence[object]) -> str:
    shown = ", ".join(_short(value) for value in values[:MOST_SHOWN]) or "nothing"
    return f"{shown} and {len(values) - MOST_SHOWN} more" if len(values) > MOST_SHOWN else shown


def _short(value: object) -> str:
    """What a target says may be long, and have line ends."""
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def _duration(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.1f} s" if milliseconds >= 1000 else f"{milliseconds:.0f} ms"


def _bytes(count: int) -> str:
    return f"{count / 1024:.0f} KiB" if count >= 1024 else f"{count} bytes"


def _ms(microseconds: int | None) -> float | None:
    return None if microseconds is None else microseconds / 1000
