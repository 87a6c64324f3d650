"""Ids of others inside the inputs of status pages and maintenance windows: as if they were not there."""

from typing import Any

import pytest

from is0k import models
from is0k.resolvers import maintenance_windows, status_pages
from is0k.resolvers.context import Context
from is0k.resolvers.operation import Operation
from is0k.schema.coercion import read
from is0k.schema.errors import ValidationFailed
from is0k.schema.ids import Prefix, encode, uuid7
from is0k.tests.resolvers.test_access import MALFORMED
from is0k.tests.stage.people import new_maintenance_window, new_monitor, new_status_page

pytestmark = pytest.mark.anyio

TABLES = [
    models.StatusPage,
    models.Component,
    models.ComponentMonitor,
    models.MaintenanceWindow,
    models.MaintenanceMonitor,
]
# The verb, the place in its input, and whose id stands there.
PLACES: list[tuple[Operation[..., Any], str, str]] = [
    (status_pages.create_status_page, "components 0 monitorIds 0", "Monitor"),
    (status_pages.update_status_page, "components 0 monitorIds 0", "Monitor"),
    (status_pages.update_status_page, "components 0 id", "Component"),
    (maintenance_windows.create_maintenance_window, "monitorIds 0", "Monitor"),
    (maintenance_windows.update_maintenance_window, "monitorIds 0", "Monitor"),
]


async def owned_by(ctx: Context) -> dict[str, str]:
    monitor = (await new_monitor(ctx)).id
    page = await new_status_page(ctx, components=[{"name": "Web", "monitorIds": [monitor]}])
    return {
        "Monitor": monitor,
        "Component": page.components[0].id,
        "update_status_page": page.id,
        "update_maintenance_window": (await new_maintenance_window(ctx, monitorIds=[monitor])).id,
    }


def naming(verb: Operation[..., Any], place: str, id: str) -> Any:
    """An input of the verb that names this id at that place, and is valid else."""
    kind = verb.parameters["input"].annotation
    if place.startswith("components"):
        component = {"name": "x", "id": id} if place.endswith(" id") else {"name": "x", "monitorIds": [id]}
        return read(kind, {"name": "Mine", "components": [component]})
    hour = {"startsAt": "2026-11-23T13:00:00Z", "endsAt": "2026-11-23T14:00:00Z"}
    return read(kind, {"title": "Mine", "monitorIds": [id], **hour})


@pytest.mark.parametrize(("verb", "place", "noun"), PLACES, ids=lambda value: getattr(value, "name", value))
async def test_what_an_input_names_of_others_is_as_if_it_were_not_there(
    ctx: Context, stranger: Context, verb: Operation[..., Any], place: str, noun: str
) -> None:
    ours, theirs = await owned_by(ctx), await owned_by(stranger)
    own = {"id": ours[verb.name]} if verb.name in ours else {}
    before = [await table.all().values() for table in TABLES]

    unknown = encode(Prefix.MONITOR if noun == "Monitor" else Prefix.COMPONENT, uuid7())
    for id in [theirs[noun], unknown, *MALFORMED]:
        with pytest.raises(ValidationFailed) as refused:
            await verb(ctx, **own, input=naming(verb, place, id))
        [fault] = refused.value.faults
        assert (" ".join(fault.field), fault.code) == (place, f"{noun.upper()}_NOT_FOUND")
        assert fault.message == f"{noun} with ID {id} not found"

    assert [await table.all().values() for table in TABLES] == before
