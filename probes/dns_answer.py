"""What the reply of a name server means: its values, whether they are those expected, and the words for it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from is0k.probes.base import Facts, Outcome, Timings
from is0k.probes.dns_exchange import Reply
from is0k.probes.dns_message import AUTHENTIC, AUTHORITATIVE, CODES, RECURSION_AVAILABLE, Message, Question
from is0k.probes.failures import Failure
from is0k.schema.dns_records import comparable
from is0k.schema.dns_settings import DnsSettings
from is0k.schema.enums import CheckStatus, MatchMode, Reason, RecordType

FLAGS = {"aa": AUTHORITATIVE, "ra": RECURSION_AVAILABLE, "ad": AUTHENTIC}
NOERROR, NXDOMAIN = 0, 3
# https://www.iana.org/assignments/dns-parameters (RCODEs); what a server says of the name.
RCODES = {
    0: ("NOERROR", ""),
    1: ("FORMERR", "does not understand the question for {name}"),
    2: ("SERVFAIL", "could not look up {name}"),
    3: ("NXDOMAIN", "says that {name} does not exist"),
    4: ("NOTIMP", "does not answer questions such as that for {name}"),
    5: ("REFUSED", "refuses to answer for {name}"),
    9: ("NOTAUTH", "is not responsible for {name}"),
}
STORED_VALUES, STORED_LETTERS = 50, 500
SHOWN_VALUES, SHOWN_LETTERS = 5, 100


@dataclass(frozen=True, slots=True)
class Answer:
    """`chain` are the names a CNAME led to, `name` is the last of them, `values` are what stands there, in order of
    the alphabet: servers change theirs from answer to answer.
    """

    name: str
    chain: list[str]
    values: list[str]
    ttl_seconds: int | None


def answer_of(question: Question, message: Message) -> Answer:
    name, chain, ttls = question.name, [], []
    aliases = {record.name: record for record in message.answers if record.code == CODES[RecordType.CNAME]}
    while question.record_type is not RecordType.CNAME and (alias := aliases.pop(name, None)):
        name = alias.value
        chain.append(name)
        ttls.append(alias.ttl_seconds)
    code = CODES[question.record_type]
    found = [record for record in message.answers if record.code == code and record.name == name]
    ttls += [record.ttl_seconds for record in found]
    return Answer(name, chain, sorted({record.value for record in found}), min(ttls, default=None))


def outcome_of(settings: DnsSettings, question: Question, reply: Reply, began: float) -> Outcome:
    answer = answer_of(question, reply.message)
    failure = failure_of(settings, answer, reply)
    took_ms = round((reply.at - began) * 1000, 3)
    return Outcome(
        status=failure.status if failure else CheckStatus.UP,
        reason=failure.reason if failure else Reason.OK,
        message=failure.message if failure else None,
        latency_ms=took_ms,
        timings=Timings(dns_ms=took_ms, total_ms=took_ms),
        detail=detail_of(settings, answer, reply),
        facts=Facts(answers=[*answer.chain, *answer.values], address=str(reply.server.address[0])),
    )


def detail_of(settings: DnsSettings, answer: Answer, reply: Reply) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "remoteAddress": reply.server.where,
        "resolver": settings.resolver or "system",
        "rcode": rcode_name(reply.message.rcode),
        "flags": [name for name, bit in FLAGS.items() if reply.message.flags & bit],
        "answers": [value[:STORED_LETTERS] for value in answer.values[:STORED_VALUES]],
    }
    if answer.chain:
        detail["chain"] = answer.chain[:STORED_VALUES]
    if answer.ttl_seconds is not None:
        detail["minTtlSeconds"] = answer.ttl_seconds
    return detail


def failure_of(settings: DnsSettings, answer: Answer, reply: Reply) -> Failure | None:
    rcode = reply.message.rcode
    name, server = answer.name.removesuffix(".") or answer.name, reply.server.name
    if rcode != NOERROR:
        words = RCODES.get(rcode, ("", "answers with an error for {name}"))[1].format(name=name)
        return Failure(Reason.DNS_ERROR, f"{server} {words} ({rcode_name(rcode)})")
    if not answer.values:
        return Failure(Reason.DNS_ERROR, f"{server} {no_record(name, settings.record_type, reply.message)}")
    if message := mismatch(settings, answer.values):
        return Failure(Reason.DNS_MISMATCH, message)
    return None


def no_record(name: str, record_type: RecordType, message: Message) -> str:
    # It points to other servers and will not ask them: RFC 1034 §4.3.1 calls that a referral.
    if message.authorities and not message.flags & (AUTHORITATIVE | RECURSION_AVAILABLE):
        return f"is not responsible for {name} and does not ask others"
    return f"says that {name} has no {record_type.value} record"


def rcode_name(rcode: int) -> str:
    return RCODES[rcode][0] if rcode in RCODES else f"RCODE {rcode}"


def mismatch(settings: DnsSettings, values: Sequence[str]) -> str | None:
    """What was expected and is not so, in words."""
    kind, expected = settings.record_type, settings.expected_values
    found = {comparable(kind, value) for value in values}
    wanted = {comparable(kind, value) for value in expected}
    missing = [value for value in expected if comparable(kind, value) not in found]
    others = [value for value in values if comparable(kind, value) not in wanted]
    match settings.match_mode:
        case _ if not expected:
            return None
        case MatchMode.ANY if len(missing) == len(expected):
            one = "one of " if len(expected) > 1 else ""
            return f"answered {listed(values)}; expected {one}{listed(expected)}"
        case MatchMode.ALL if missing:
            return f"{listed(missing)} missing; answered {listed(values)}"
        case MatchMode.EXACT if missing or others:
            faults = [f"{listed(missing)} missing"] if missing else []
            faults += [f"{listed(others)} not expected"] if others else []
            return f"{', '.join(faults)}; answered {listed(values)}"
    return None


def listed(values: Collection[str]) -> str:
    shown = [value if len(value) <= SHOWN_LETTERS else f"{value[:SHOWN_LETTERS]}…" for value in values]
    more = f" and {len(shown) - SHOWN_VALUES} more" if len(shown) > SHOWN_VALUES else ""
    return ", ".join(shown[:SHOWN_VALUES]) + more
