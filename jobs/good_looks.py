"""Which good looks are worth keeping. Nearly all are like the one before: those cost a look-up and a hash, no write.

What this process has stored of a monitor it stores again when it is another, but not more often than every five
minutes, and after an hour anyway.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

import orjson

from is0k.jobs.checker import Finding
from is0k.jobs.evidence import HEADERS
from is0k.models.last_good import LastGoodRow
from is0k.probes.base import Outcome

AT_MOST_EVERY_MS = 5 * 60_000
AT_LEAST_EVERY_MS = 60 * 60_000
REMEMBERED = 100_000


class Stored(NamedTuple):
    epoch: int
    digest: int
    at: int


class GoodLooks:
    def __init__(self, remembered: int = REMEMBERED) -> None:
        self.remembered = remembered
        self._stored: OrderedDict[int, Stored] = OrderedDict()

    def news(self, findings: Iterable[Finding]) -> list[Finding]:
        """Those of them that are to be stored."""
        return [finding for finding in findings if self._is_news(finding)]

    def learn(self, findings: Iterable[Finding]) -> None:
        """They are stored."""
        for slot, _, outcome in findings:
            self._stored[slot.number] = Stored(slot.epoch, digest(outcome), slot.tick)
            self._stored.move_to_end(slot.number)
        while len(self._stored) > self.remembered:
            self._stored.popitem(last=False)

    def _is_news(self, finding: Finding) -> bool:
        slot, _, outcome = finding
        stored = self._stored.get(slot.number)
        # In another epoch it is another target, perhaps.
        if stored is None or stored.epoch != slot.epoch:
            return True
        age_ms = slot.tick - stored.at
        if age_ms < AT_MOST_EVERY_MS:
            return False
        return age_ms >= AT_LEAST_EVERY_MS or digest(outcome) != stored.digest


def digest(outcome: Outcome) -> int:
    """Of what stays the same while nothing happens: no durations, no body, not which of several addresses it was."""
    detail = outcome.detail
    headers, certificate, answers = detail.get("headers"), detail.get("tls"), detail.get("answers")
    addresses = detail.get("addresses")
    # Of the shape that is agreed upon; whatever else a probe may say must not keep its results from being stored.
    return hash(
        (
            outcome.status_code,
            str(addresses or detail.get("remoteAddress")),
            str(certificate.get("fingerprint")) if isinstance(certificate, dict) else None,
            str(detail.get("finalUrl")),
            str([headers.get(name) for name in HEADERS]) if isinstance(headers, dict) else None,
            str(detail.get("rcode")),
            tuple(sorted(map(str, answers))) if isinstance(answers, list) else None,
        )
    )


def row_of(finding: Finding, region: int) -> LastGoodRow:
    return LastGoodRow(finding.slot.number, region, finding.slot.tick, orjson.dumps(finding.outcome.detail).decode())
