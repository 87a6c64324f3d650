"""Every verb there is, called by those who may not, and about what is not theirs. A new verb is in here by itself."""

import importlib
import pkgutil
from dataclasses import replace
from typing import Any

import pytest
from strawberry import ID, UNSET

from is0k import models, resolvers, schema
from is0k.resolvers.api_keys import create_api_key
from is0k.resolvers.context import Context
from is0k.resolvers.operation import Operation
from is0k.schema.enums import IncidentStatus, Scope
from is0k.schema.errors import InsufficientScope, NotFound, Unauthenticated, ValidationFailed
from is0k.schema.ids import Prefix, encode, uuid7
from is0k.tests.resolvers.conftest import Statements
from is0k.tests.stage.people import (
    new_channel,
    new_delivery,
    new_incident,
    new_maintenance_window,
    new_monitor,
    new_page,
    new_status_page,
)

pytestmark = pytest.mark.anyio

MODULES = [
    importlib.import_module(f"{resolvers.__name__}.{module.name}")
    for module in pkgutil.iter_modules(resolvers.__path__)
]
VERBS: dict[str, Operation[..., Any]] = {
    value.name: value for module in MODULES for value in vars(module).values() if isinstance(value, Operation)
}
# A valid value for each kind of argument: what is refused must be refused for who asks.
VALUES: dict[Any, Any] = {
    schema.UpdateMonitorInput: schema.UpdateMonitorInput(name="Stolen"),
    schema.UpdateAlertChannelInput: schema.UpdateAlertChannelInput(name="Stolen"),
    schema.UpdateIncidentInput: schema.UpdateIncidentInput(title="Stolen", status=IncidentStatus.RESOLVED),
    schema.CreateIncidentUpdateInput: schema.CreateIncidentUpdateInput(message="Stolen"),
    schema.UpdateStatusPageInput: schema.UpdateStatusPageInput(name="Stolen", components=[]),
    schema.UpdateMaintenanceWindowInput: schema.UpdateMaintenanceWindowInput(title="Stolen", monitor_ids=[]),
    schema.CheckFilter: schema.CheckFilter(),
    schema.PageArguments: schema.PageArguments(),
    schema.StatsRange: schema.StatsRange(),
}
MALFORMED = ["", "mon_", "x", "mon_01H455VB4PEX5VSKNK084SN02Q", "../../etc/passwd", "mon_8zzzzzzzzzzzzzzzzzzzzzzzzz"]


# The first word that is in a verb's name tells what it is about; if there is none, it is a monitor.
SUBJECTS = [
    ("api_key", Prefix.API_KEY, "API key"),
    ("status_page", Prefix.STATUS_PAGE, "Status page"),
    ("maintenance_window", Prefix.MAINTENANCE_WINDOW, "Maintenance window"),
    ("alert_channel", Prefix.ALERT_CHANNEL, "Alert channel"),
    ("delivery", Prefix.DELIVERY, "Delivery"),
    ("node", Prefix.MONITOR, "Node"),
    ("monitor", Prefix.MONITOR, "Monitor"),
    ("incident", Prefix.INCIDENT, "Incident"),
]


def scoped(scope: Scope) -> list[str]:
    return sorted(name for name, verb in VERBS.items() if verb.scope is scope)


ABOUT_ONE = sorted(name for name, verb in VERBS.items() if "id" in verb.parameters)


def test_the_scopes_are_what_the_documentation_says() -> None:
    assert scoped(Scope.READ) == [
        "check_recorded",
        "get_alert_channel",
        "get_incident",
        "get_maintenance_window",
        "get_me",
        "get_monitor",
        "get_node",
        "get_stats",
        "get_status_page",
        "incident_changed",
        "list_alert_channels",
        "list_checks",
        "list_deliveries",
        "list_incidents",
        "list_maintenance_windows",
        "list_monitor_incidents",
        "list_monitors",
        "list_notices",
        "list_pings",
        "list_regions",
        "list_status_pages",
        "monitor_status_changed",
    ]
    assert scoped(Scope.WRITE) == [
        "check_monitor",
        "create_alert_channel",
        "create_incident",
        "create_incident_update",
        "create_maintenance_window",
        "create_monitor",
        "create_status_page",
        "delete_alert_channel",
        "delete_incident",
        "delete_maintenance_window",
        "delete_monitor",
        "delete_status_page",
        "pause_monitor",
        "preview_monitor",
        "replay_delivery",
        "resume_monitor",
        "rotate_ping_url",
        "test_alert_channel",
        "update_alert_channel",
        "update_incident",
        "update_maintenance_window",
        "update_monitor",
        "update_status_page",
    ]
    assert scoped(Scope.ADMIN) == ["create_api_key", "delete_api_key", "list_api_keys", "set_plan"]


@pytest.mark.parametrize("name", sorted(VERBS))
async def test_who_shows_no_key_gets_nothing_done(name: str, open_database: None, statements: Statements) -> None:
    with statements() as sent, pytest.raises(Unauthenticated):
        await VERBS[name](Context())

    assert sent == []


@pytest.mark.parametrize("name", scoped(Scope.WRITE) + scoped(Scope.ADMIN))
async def test_who_lacks_the_scope_gets_nothing_done(name: str, ctx: Context, statements: Statements) -> None:
    verb = VERBS[name]
    for scope in Scope:
        if not scope.includes(verb.scope):
            with statements() as sent, pytest.raises(InsufficientScope) as refused:
                await verb(_with(ctx, scope))

            assert refused.value.message == f"This API key lacks the scope '{verb.scope.value}'"
            assert sent == []


def _with(ctx: Context, scope: Scope) -> Context:
    assert ctx.actor is not None
    return replace(ctx, actor=replace(ctx.actor, scope=scope))


@pytest.mark.parametrize("name", ABOUT_ONE)
async def test_what_is_somebody_elses_is_as_if_it_were_not_there(name: str, ctx: Context, stranger: Context) -> None:
    prefix, noun = subject(name)
    theirs = (await owned_by(stranger))[prefix]
    before = await everything()

    ids = [theirs, encode(prefix, uuid7()), *MALFORMED]
    told = [(await refusal(VERBS[name], ctx, id)).message.replace(f"ID {id} ", "ID … ") for id in ids]

    assert set(told) == {f"{noun} with ID … not found"}
    assert await everything() == before


def subject(name: str) -> tuple[Prefix, str]:
    """What the `id` of a verb is the id of."""
    for word, prefix, noun in SUBJECTS:
        if word in name:
            return prefix, noun
    return Prefix.MONITOR, "Monitor"


async def owned_by(ctx: Context) -> dict[Prefix, ID]:
    """One of each noun."""
    channel = await new_channel(ctx)
    monitor = await new_monitor(ctx, alertChannelIds=[channel.id])
    incident = await new_incident(ctx, monitorIds=[monitor.id], message="theirs")
    delivery = await new_delivery(ctx, channel)
    key = (await create_api_key(ctx, schema.CreateApiKeyInput(name="theirs"))).api_key
    return {
        Prefix.MONITOR: monitor.id,
        Prefix.INCIDENT: incident.id,
        Prefix.API_KEY: key.id,
        Prefix.STATUS_PAGE: (await new_status_page(ctx, components=[{"name": "Web", "monitorIds": [monitor.id]}])).id,
        Prefix.MAINTENANCE_WINDOW: (await new_maintenance_window(ctx, monitorIds=[monitor.id])).id,
        Prefix.ALERT_CHANNEL: channel.id,
        Prefix.DELIVERY: delivery.id,
    }


async def refusal(verb: Operation[..., Any], ctx: Context, id: str) -> NotFound:
    arguments = {name: VALUES[item.annotation] for name, item in verb.parameters.items() if name != "id"}
    with pytest.raises(NotFound) as refused:
        await verb(ctx, id=ID(id), **arguments)
    return refused.value


async def everything() -> list[Any]:
    tables = (
        models.Monitor,
        models.MonitorState,
        models.Heartbeat,
        models.ApiKey,
        models.Incident,
        models.IncidentMonitor,
        models.IncidentPage,
        models.IncidentUpdate,
        models.StatusPage,
        models.Component,
        models.ComponentMonitor,
        models.MaintenanceWindow,
        models.MaintenanceMonitor,
        models.AlertChannel,
        models.MonitorChannel,
        models.Delivery,
    )
    return [await table.all().values() for table in tables]


LINKS = [
    ("monitor_ids", "MONITOR_NOT_FOUND", "Monitor with ID … not found"),
    ("status_page_ids", "STATUS_PAGE_NOT_FOUND", "Status page with ID … not found"),
]


@pytest.mark.parametrize("verb", ["create_incident", "update_incident"])
@pytest.mark.parametrize(("field", "code", "message"), LINKS)
async def test_what_an_input_names_of_others_is_as_if_it_were_not_there(
    ctx: Context, stranger: Context, verb: str, field: str, code: str, message: str
) -> None:
    theirs = {"monitor_ids": (await new_monitor(stranger)).id, "status_page_ids": await new_page(stranger, "theirs")}
    own = {} if verb == "create_incident" else {"id": (await new_incident(ctx)).id}
    kind: Any = schema.CreateIncidentInput if verb == "create_incident" else schema.UpdateIncidentInput
    before = await everything()

    for id in [theirs[field], encode(Prefix.MONITOR, uuid7()), encode(Prefix.STATUS_PAGE, uuid7()), *MALFORMED]:
        with pytest.raises(ValidationFailed) as refused:
            await VERBS[verb](ctx, **own, input=kind(title="Mine", **{field: [ID(id)]}))
        [fault] = refused.value.faults
        assert (fault.path, fault.code) == ((field, 0), code)
        assert fault.message.replace(f"ID {id} ", "ID … ") == message
        assert await everything() == before


def test_the_values_that_verbs_are_called_with_say_something() -> None:
    assert VALUES[schema.UpdateMonitorInput].name is not UNSET
    assert VALUES[schema.UpdateStatusPageInput].name is not UNSET
    assert VALUES[schema.UpdateMaintenanceWindowInput].title is not UNSET
    assert VALUES[schema.UpdateAlertChannelInput].name is not UNSET
