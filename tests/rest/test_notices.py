"""`/notices`: the same for every organization."""

import pytest

from is0k.models.notice import open_notice
from is0k.schema.enums import NoticeKind
from is0k.tests.stage.api import Api
from is0k.tests.stage.clock import FakeClock

pytestmark = pytest.mark.anyio

QUERY = """
    { notices(filter: {open: true, kind: REGION_SILENT}) { totalCount edges { node { kind region endedAt } } }
      regions { name isOnline lastSeenAt version lagMs isBlind } }
"""


async def test_a_notice_has_the_names_of_the_contract(api: Api, stranger_api: Api, clock: FakeClock) -> None:
    await open_notice(NoticeKind.REGION_SILENT, "eu", "No worker of eu has spoken up", clock.now())

    [notice] = (await api.get("/notices")).data
    assert notice == {
        "id": notice["id"],
        "kind": "region_silent",
        "region": "eu",
        "message": "No worker of eu has spoken up",
        "startedAt": "2026-11-23T12:00:00.000Z",
        "endedAt": None,
    }
    assert (await stranger_api.get("/notices?open=true&kind=region_silent")).data == [notice]
    assert (await api.get("/notices?open=false")).data == []
    assert (await api.get("/notices?kind=blind")).data == []


async def test_graphql_reads_them_beside_the_regions(api: Api, clock: FakeClock) -> None:
    await open_notice(NoticeKind.REGION_SILENT, "eu", "No worker of eu has spoken up", clock.now())

    told = await api.graphql(QUERY)
    node = {"kind": "REGION_SILENT", "region": "eu", "endedAt": None}
    assert told == {"data": {"notices": {"totalCount": 1, "edges": [{"node": node}]}, "regions": []}}
