"""What a flush of the writer has changed, organization by organization, for whoever listens."""

from collections.abc import Iterable, Iterator
from itertools import chain
from uuid import UUID

from is0k.jobs.monitor_file import MonitorFile
from is0k.resolvers.announcer import IncidentChange, message


def announcements(files: Iterable[MonitorFile], region: str) -> Iterator[tuple[UUID, bytes]]:
    """Each organization, and the one message for it."""
    of_each: dict[UUID, list[MonitorFile]] = {}
    for file in files:
        of_each.setdefault(file.organization_id, []).append(file)
    for organization_id, own in of_each.items():
        yield organization_id, _message(own, region)


def _message(files: list[MonitorFile], region: str) -> bytes:
    """Checks in the order of their slots; what else there is in the order in which it became known of each monitor."""
    return message(
        checks=sorted(((file.id, row) for file in files for row in file.counted), key=lambda check: check[1].tick),
        region=region,
        changes=chain.from_iterable(file.changes for file in files),
        incidents=[IncidentChange(id, [file.id]) for file in files for id in file.incident_ids],
    )
