"""Credentials at rest: under a key that is not in the database, and nowhere in the clear."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from is0k import schema
from is0k.models import database
from is0k.models.monitor import read_targets, stored_settings
from is0k.models.secrets import SecretKeyError, Vault, ensure_key, vault
from is0k.models.sql import connection, fetch, is_sqlite
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import get_monitor, update_monitor
from is0k.schema.coercion import Flat, read
from is0k.schema.enums import MonitorType
from is0k.settings import Settings
from is0k.tests.stage.people import http_settings, new_monitor

SECRET = "Bearer s3cr3t-0f-th3-sh0p"
OLD = "T2xkIHNlY3JldCBrZXksIGp1c3QgZm9yIHRlc3RzLi4="
NEW = "TmV3IHNlY3JldCBrZXksIGp1c3QgZm9yIHRlc3RzLi4="

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=5,
)


def vault_of(keys: str) -> Vault:
    vault = Vault()
    vault.unlock(keys)
    return vault


@given(json_values)
def test_what_is_encrypted_decrypts_to_the_same(value: Any) -> None:
    vault = vault_of(OLD)

    assert vault.decrypt(vault.encrypt(value)) == value


def test_the_same_secret_never_looks_the_same_twice() -> None:
    vault = vault_of(OLD)

    assert vault.encrypt(SECRET) != vault.encrypt(SECRET)


def test_with_the_new_key_before_the_old_one_both_are_read_and_the_new_one_is_written() -> None:
    stored = vault_of(OLD).encrypt(SECRET)
    both = vault_of(f"{NEW}, {OLD}")

    assert both.decrypt(stored) == SECRET
    assert vault_of(NEW).decrypt(both.encrypt(SECRET)) == SECRET


def test_another_key_is_told_as_such() -> None:
    stored = vault_of(OLD).encrypt(SECRET)

    with pytest.raises(SecretKeyError) as told:
        vault_of(NEW).decrypt(stored)

    assert str(told.value) == "What is stored was encrypted under another secret key; give the old one too: NEW,OLD"


@pytest.mark.parametrize("keys", ["", ",", "short", OLD[:-1], f"{OLD},short", "é" * 44])
def test_a_malformed_key_is_told_what_a_key_looks_like(keys: str) -> None:
    with pytest.raises(SecretKeyError, match=r"must be 32 bytes in URL-safe base64 \(44 characters\)"):
        vault_of(keys)


def test_nothing_is_stored_while_the_vault_is_locked() -> None:
    with pytest.raises(SecretKeyError, match="The vault is locked"):
        Vault().encrypt(SECRET)


def test_a_data_folder_gets_a_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    key = ensure_key(tmp_path)

    assert ensure_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    vault_of(key)


def test_of_many_that_start_at_once_all_get_the_same_key(tmp_path: Path) -> None:
    for turn in range(20):
        folder = tmp_path / str(turn)
        folder.mkdir()
        with ThreadPoolExecutor(8) as starters:
            assert len(set(starters.map(ensure_key, [folder] * 8))) == 1


def test_a_key_whose_writing_was_cut_short_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "secret.key").touch()

    vault_of(ensure_key(tmp_path))


@pytest.mark.anyio
async def test_a_header_is_nowhere_in_the_database_in_the_clear(ctx: Context, settings: Settings) -> None:
    monitor = await new_monitor(ctx, headers={"Authorization": SECRET, "X-Shop": SECRET})
    await new_monitor(ctx, basicAuth={"username": "shop", "password": SECRET})
    edit = read(schema.UpdateMonitorInput, {"headers": {"X-New": SECRET}}, Flat(MonitorType, MonitorType.HTTP))
    await update_monitor(ctx, monitor.id, edit)

    dump = await dumped(settings)

    assert "https://shop.example/health" in dump
    assert "s3cr3t" not in dump


async def dumped(settings: Settings) -> str:
    if is_sqlite():
        return "".join(path.read_bytes().decode("latin-1") for path in settings.data_dir.glob("is0k.db*"))
    names = await connection().execute_query_dict("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows = [row for name in names for row in await fetch(f"SELECT x::text FROM {name['tablename']} x")]
    return "\n".join(row["x"] for row in rows)


@pytest.mark.anyio
async def test_a_worker_reads_it_in_the_clear_and_people_its_mask(ctx: Context) -> None:
    monitor = await new_monitor(ctx, headers={"Authorization": SECRET, "Accept": "text/html"})
    [target] = await read_targets([monitor.number])

    assert stored_settings(target).headers == {"Authorization": SECRET, "Accept": "text/html"}
    assert http_settings(monitor).headers == {"Authorization": "••••sh0p", "Accept": "text/html"}


@pytest.mark.anyio
async def test_a_monitor_without_headers_stores_no_secret(ctx: Context) -> None:
    await new_monitor(ctx)

    assert await fetch("SELECT secrets FROM monitor") == [{"secrets": None}]


@pytest.mark.anyio
async def test_a_server_with_another_key_says_so_and_one_with_both_reads_on(ctx: Context, settings: Settings) -> None:
    monitor = await new_monitor(ctx, headers={"Authorization": SECRET})
    old = (settings.data_dir / "secret.key").read_text().strip()
    vault.unlock(NEW)

    with pytest.raises(SecretKeyError, match="give the old one too: NEW,OLD"):
        await get_monitor(ctx, monitor.id)

    vault.unlock(f"{NEW},{old}")
    assert await get_monitor(ctx, monitor.id) == monitor


@pytest.mark.anyio
async def test_a_key_of_the_settings_is_used_instead_of_the_folder_s_own(settings: Settings) -> None:
    async with database.opened(Settings(**{**settings.model_dump(), "secret_key": NEW})):
        assert vault_of(NEW).decrypt(vault.encrypt(SECRET)) == SECRET

    assert not (settings.data_dir / "secret.key").exists()
