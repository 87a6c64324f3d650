"""The tables that grow with every check, and the indexes Tortoise has no words for."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

from is0k.models import check, rollup

INDEXES = """
    CREATE UNIQUE INDEX api_key_hash ON api_key (hash);
    CREATE UNIQUE INDEX incident_one_open ON incident (monitor_number)
        WHERE monitor_number IS NOT NULL AND resolved_at IS NULL;
"""


async def create(apps: Any, editor: BaseSchemaEditor) -> None:
    await editor.client.execute_script(f"{check.create_table()};{rollup.create_tables()};{INDEXES}")


class Migration(migrations.Migration):
    dependencies = [("models", "0001_tables")]
    operations = [ops.RunPython(create, ops.RunPython.noop)]
