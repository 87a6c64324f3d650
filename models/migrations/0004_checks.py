from tortoise import migrations
from tortoise.migrations import operations as ops
from is0k.schema.enums import NoticeKind
from is0k.schema.ids import uuid7
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields

# What people were told of last is what the status was: nothing was held back until now.
FILL = """
    UPDATE monitor_state SET told = status;
    CREATE UNIQUE INDEX notice_one_open ON notice (kind, region) WHERE ended_at IS NULL;
"""


async def fill(apps, editor):
    await editor.client.execute_script(FILL)


class Migration(migrations.Migration):
    dependencies = [('models', '0003_api')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Heartbeat',
            fields=[
                ('number', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('token', fields.CharField(unique=True, max_length=40)),
                ('since', fields.BigIntField()),
                ('pings', fields.BigIntField(default=0, db_default=0)),
                ('called_at', fields.BigIntField(null=True)),
                ('succeeded_at', fields.BigIntField(null=True)),
                ('failed_at', fields.BigIntField(null=True)),
                ('started_at', fields.BigIntField(null=True)),
                ('unfinished_since', fields.BigIntField(null=True)),
                ('exit_code', fields.IntField(null=True)),
                ('excerpt', fields.TextField(null=True, unique=False)),
                ('run_ms', fields.BigIntField(null=True)),
            ],
            options={'table': 'heartbeat', 'app': 'models', 'pk_attr': 'number', 'table_description': "One row a heartbeat monitor, changed with every call. `number` is that of the monitor."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Ping',
            fields=[
                ('key', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('seq', fields.BigIntField()),
                ('at', fields.BigIntField()),
                ('kind', fields.CharField(max_length=10)),
                ('exit_code', fields.IntField(null=True)),
                ('run_ms', fields.BigIntField(null=True)),
                ('method', fields.CharField(max_length=10)),
                ('source', fields.CharField(null=True, max_length=50)),
                ('user_agent', fields.TextField(null=True, unique=False)),
                ('body', fields.TextField(null=True, unique=False)),
            ],
            options={'table': 'ping', 'app': 'models', 'pk_attr': 'key', 'table_description': "A call. `seq` counts those of a monitor, and the key is its number × 100 + seq % 100."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Listening',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('heard_from', fields.BigIntField()),
                ('heard_until', fields.BigIntField(db_index=True)),
            ],
            options={'table': 'listening', 'app': 'models', 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='LastGood',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('number', fields.IntField()),
                ('region', fields.IntField()),
                ('at', fields.BigIntField()),
                ('facts', fields.TextField(unique=False)),
            ],
            options={'table': 'last_good', 'app': 'models', 'unique_together': (('number', 'region'),), 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Notice',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('updated_at', fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ('kind', fields.CharEnumField(description='NoticeKind', enum_type=NoticeKind, max_length=20)),
                ('region', fields.CharField(max_length=50)),
                ('message', fields.TextField(unique=False)),
                ('started_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'notice', 'app': 'models', 'pk_attr': 'id', 'table_description': 'A partial unique index lets one of a kind be open for a region at a time, however many workers see the reason.'},
            bases=['Row'],
        ),
        ops.AddField(
            model_name='Monitor',
            name='assertions',
            field=fields.JSONField(default=list, db_default="[]", encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name='MonitorState',
            name='epoch_since',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='MonitorState',
            name='maintenance_from',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='MonitorState',
            name='maintenance_until',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='MonitorState',
            name='memory',
            field=fields.TextField(null=True, unique=False),
        ),
        ops.AddField(
            model_name='MonitorState',
            name='suspect_in',
            field=fields.CharField(null=True, max_length=50),
        ),
        ops.AddField(
            model_name='MonitorState',
            name='told',
            field=fields.CharField(default='pending', db_default='pending', max_length=20),
        ),
        ops.RemoveField(model_name='MonitorState', name='run_length'),
        ops.RemoveField(model_name='MonitorState', name='run_of'),
        ops.RemoveField(model_name='MonitorState', name='run_since'),
        ops.AddField(
            model_name='Region',
            name='canaries',
            field=fields.TextField(null=True, unique=False),
        ),
        ops.AddField(
            model_name='Region',
            name='is_blind',
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name='Region',
            name='lag_ms',
            field=fields.IntField(null=True),
        ),
        ops.AddField(
            model_name='Region',
            name='self_checked_at',
            field=fields.BigIntField(null=True),
        ),
        ops.RunPython(fill, ops.RunPython.noop),
    ]
