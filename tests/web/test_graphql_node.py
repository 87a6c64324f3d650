"""`node(id:)`: anything by its id alone."""

import pytest

from is0k.resolvers.context import Context
from is0k.schema.clock import Clock
from is0k.schema.ids import Prefix, encode, prefix_of, uuid7
from is0k.tests.stage.api import Api
from is0k.tests.stage.people import new_monitor, new_organization

pytestmark = pytest.mark.anyio

NODE = "query ($id: ID!) { node(id: $id) { __typename id ... on Monitor { name status } } }"


async def test_a_node_is_what_the_prefix_of_its_id_says(api: Api, ctx: Context) -> None:
    monitor = await new_monitor(ctx, name="Shop")

    answer = await api.graphql(NODE, id=monitor.id)

    assert answer == {
        "data": {"node": {"__typename": "Monitor", "id": monitor.id, "name": "Shop", "status": "PENDING"}}
    }


@pytest.mark.parametrize(
    "id", ["", "x", "_", "mon_", "mon_x", "mon_01h455vb4pex5vsknk084sn02q", "usr_01h455vb4pex5vsknk084sn02q"]
)
async def test_what_is_not_there_is_null(api: Api, id: str) -> None:
    assert await api.graphql(NODE, id=id) == {"data": {"node": None}}


async def test_what_is_another_organizations_is_null_too(api: Api, clock: Clock) -> None:
    theirs = await new_monitor(await new_organization("Others", clock))

    assert await api.graphql(NODE, id=theirs.id) == {"data": {"node": None}}


@pytest.mark.parametrize("prefix", Prefix)
def test_an_id_tells_its_noun(prefix: Prefix) -> None:
    assert prefix_of(encode(prefix, uuid7())) is prefix
