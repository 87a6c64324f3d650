"""What would otherwise have to be remembered: lists that must be complete, files that must be current, sizes."""

import ast
import importlib
import inspect
import pkgutil
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from enum import Enum
from pathlib import Path
from typing import get_args

import pytest
from strawberry.types.base import get_object_definition
from tortoise.models import Model

from is0k import models, schema, settings
from is0k.channels import CHANNELS
from is0k.models.database import MODULES
from is0k.probes import PROBES
from is0k.resolvers.export import FILE
from is0k.resolvers.operation import Operation
from is0k.resolvers.root import Mutation, Query, Subscription, graphql_schema
from is0k.rest.routes import ROWS
from is0k.schema import alert_channel, enums
from is0k.schema.enums import ChannelType, MonitorType
from is0k.schema.monitor import SETTINGS
from is0k.schema.plans import CHANNEL_TYPE_PLANS
from is0k.settings import PREFIX, Settings

ROOT = Path(settings.__file__).resolve().parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
WHEEL = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
# What belongs to the project and not to the program.
NOT_IN_THE_WHEEL = {"tests", "bench", "docs", "deploy"}
GENERATED = {ROOT / f"models/migrations/{name}.py" for name in ("0001_tables", "0003_api", "0004_checks")}
LONGEST_FILE, LONGEST_FUNCTION = 300, 40


def python_files(*folders: str) -> Iterator[Path]:
    for name in folders:
        path = ROOT / name
        yield from (path.rglob("*.py") if path.is_dir() else [path])


def own_files() -> list[Path]:
    found = python_files(*(name for name in (*WHEEL, "tests", "bench") if (ROOT / name).exists()))
    return sorted(path for path in found if path.suffix == ".py" and path not in GENERATED)


def test_no_file_is_longer_than_three_hundred_lines() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in own_files()}

    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_of_the_program_is_longer_than_forty_lines() -> None:
    found = {
        f"{path.relative_to(ROOT)} {node.name}"
        for path in python_files(*WHEEL)
        if path.suffix == ".py" and path not in GENERATED
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    }

    assert found == set()


def test_no_name_is_a_drawer_for_the_rest() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base2"}

    assert {str(path) for path in own_files() if {path.stem, path.parent.name} & drawers} == set()


def test_the_wheel_holds_every_package_and_module_of_the_tree() -> None:
    packages = {path.name for path in ROOT.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    modules = {path.name for path in ROOT.glob("*.py")}

    assert set(WHEEL) == (packages - NOT_IN_THE_WHEEL) | modules | {"py.typed"}


def test_schema_graphql_is_current() -> None:
    """It is not? `make schema`, and read the diff."""
    assert FILE.read_text() == graphql_schema.as_str() + "\n"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_says_what_it_means_and_none_is_required(name: str) -> None:
    field = Settings.model_fields[name]

    assert name == name.lower()
    assert f"{PREFIX}{name.upper()}".isidentifier()
    assert field.description
    assert field.description.endswith(".")
    assert not field.is_required()


def test_every_type_of_monitor_has_settings_and_a_probe_unless_its_job_calls_us() -> None:
    assert set(SETTINGS) == set(MonitorType)
    assert set(PROBES) == set(MonitorType) - {MonitorType.HEARTBEAT}


@pytest.mark.parametrize("choice", [schema.MonitorSettingsInput, schema.MonitorSettingsPatch])
def test_every_type_of_monitor_can_be_chosen(choice: type) -> None:
    assert [field.name for field in fields(choice)] == [type.value for type in MonitorType]


def test_the_settings_of_every_type_are_shown_by_graphql() -> None:
    shown = get_args(get_args(schema.MonitorSettings)[0])

    assert set(shown) == set(SETTINGS.values())
    for settings_type in SETTINGS.values():
        assert get_object_definition(settings_type, strict=True).name == settings_type.__name__


def test_every_type_of_alert_channel_has_settings_a_plan_and_a_choice() -> None:
    assert set(alert_channel.SETTINGS) == set(CHANNEL_TYPE_PLANS) == set(ChannelType)
    assert set(get_args(get_args(schema.AlertChannelSettings)[0])) == set(alert_channel.SETTINGS.values())
    for choice in (schema.AlertChannelSettingsInput, schema.AlertChannelSettingsPatch):
        assert [field.name for field in fields(choice)] == [type.value for type in ChannelType]


def test_every_channel_is_of_a_type_there_is() -> None:
    assert set(CHANNELS) <= set(ChannelType)
    assert {channel.__module__ for channel in CHANNELS.values()} == {f"is0k.channels.{type.value}" for type in CHANNELS}


def test_every_module_with_a_table_is_known_to_tortoise() -> None:
    names = [f"{models.__name__}.{module.name}" for module in pkgutil.iter_modules(models.__path__)]
    with_tables = {name for name in names if any(_is_table_of(name, value) for value in _names(name).values())}

    assert set(MODULES) == with_tables


def test_every_table_can_be_imported_from_models() -> None:
    tables = {name for module in MODULES for name, value in _names(module).items() if _is_table_of(module, value)}

    assert set(models.__all__) == tables


def _names(module: str) -> dict[str, object]:
    return vars(importlib.import_module(module))


def _is_table_of(module: str, value: object) -> bool:
    is_model = inspect.isclass(value) and issubclass(value, Model)
    return is_model and value.__module__ == module and not value._meta.abstract  # type: ignore[attr-defined]


def test_every_word_of_the_contract_is_the_value_of_its_name() -> None:
    """`HOUR_24` is the name GraphQL gives to `24h`: names begin with a letter. All others are the same word."""
    sets = [value for value in vars(enums).values() if inspect.isclass(value) and issubclass(value, Enum)]
    differing = {
        member.value
        for words in sets
        for member in words
        if member.name.lower() != str(getattr(member.value, "value", member.value)).lower()
    }

    assert differing == {"24h", "7d", "30d", "90d", "365d"}


def test_every_verb_of_the_roots_says_what_it_does() -> None:
    for root in (Query, Mutation, Subscription):
        for field in get_object_definition(root, strict=True).fields:
            assert field.description, field.python_name


def test_a_verb_is_named_like_its_function() -> None:
    nouns = ("monitors", "checks", "stats", "incidents", "alert_channels", "deliveries", "regions", "me", "api_keys")
    others = ("status_pages", "maintenance_windows", "live", "notices", "pings")
    verbs = [value for noun in (*nouns, *others) for value in _verbs(noun)]

    assert len(verbs) >= 45
    assert all(verb.name == verb.run.__name__ and verb.__doc__ for verb in verbs)


def _verbs(module: str) -> list[Operation[..., object]]:
    return [value for value in _names(f"is0k.resolvers.{module}").values() if isinstance(value, Operation)]


# Nested fields of Monitor, batched over a list: the same answers, one monitor at a time.
NESTED = {"list_checks": "checks", "list_pings": "pings", "get_stats": "stats", "list_monitor_incidents": "incidents"}


def test_graphql_can_do_everything_rest_can() -> None:
    roots = (get_object_definition(root, strict=True) for root in (Query, Mutation))
    resolvers = [field.base_resolver for root in roots for field in root.fields]
    in_graphql = {resolver.wrapped_func.__name__ for resolver in resolvers if resolver}
    in_rest = {row.verb.name for row in ROWS}

    assert in_rest - in_graphql == set(NESTED)
    monitor = get_object_definition(schema.Monitor, strict=True)
    assert set(NESTED.values()) <= {field.python_name for field in monitor.fields}
