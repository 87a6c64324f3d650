from tortoise import migrations
from tortoise.migrations import operations as ops
from is0k.schema.ids import uuid7
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index
from is0k.models.secrets import EncryptedField

class Migration(migrations.Migration):
    dependencies = [('models', '0002_hot_tables')]

    initial = False

    operations = [
        ops.CreateModel(
            name='IdempotentAnswer',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('models.Organization', source_field='organization_id', db_constraint=True, to_field='id', on_delete=OnDelete.CASCADE)),
                ('key', fields.CharField(max_length=255)),
                ('fingerprint', fields.BinaryField()),
                ('answer', EncryptedField(null=True, unique=False)),
                ('created_at', fields.BigIntField(db_index=True)),
            ],
            options={'table': 'idempotent_answer', 'app': 'models', 'unique_together': (('organization_id', 'key'),), 'pk_attr': 'id', 'table_description': '`answer` is null while the first request is under way, and may hold a secret that is shown once.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Subscriber',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('updated_at', fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ('page', fields.ForeignKeyField('models.StatusPage', source_field='page_id', db_constraint=True, to_field='id', on_delete=OnDelete.CASCADE)),
                ('kind', fields.CharField(max_length=20)),
                ('address', fields.CharField(max_length=500)),
                ('confirmed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'subscriber', 'app': 'models', 'unique_together': (('page_id', 'kind', 'address'),), 'pk_attr': 'id', 'table_description': 'Somebody who wants to be told what a page says, once the address is confirmed.'},
            bases=['Row'],
        ),
        ops.AddField(
            model_name='Region',
            name='last_seen_at',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='Region',
            name='version',
            field=fields.CharField(null=True, max_length=50),
        ),
        ops.AddIndex(
            model_name='IncidentMonitor',
            index=Index(fields=['monitor_id', 'incident_id']),
        ),
        ops.AddIndex(
            model_name='IncidentPage',
            index=Index(fields=['page_id', 'incident_id']),
        ),
        ops.AddIndex(
            model_name='IncidentUpdate',
            index=Index(fields=['incident_id', 'id']),
        ),
        ops.AddIndex(
            model_name='StatusPage',
            index=Index(fields=['organization_id', 'id']),
        ),
        ops.AddIndex(
            model_name='Component',
            index=Index(fields=['page_id', 'position']),
        ),
        ops.AddIndex(
            model_name='ComponentMonitor',
            index=Index(fields=['monitor_id', 'component_id']),
        ),
        ops.AddIndex(
            model_name='MaintenanceWindow',
            index=Index(fields=['organization_id', 'id']),
        ),
        ops.AddIndex(
            model_name='MaintenanceMonitor',
            index=Index(fields=['monitor_id', 'window_id']),
        ),
        ops.AddIndex(
            model_name='AlertChannel',
            index=Index(fields=['organization_id', 'id']),
        ),
        ops.AddIndex(
            model_name='Delivery',
            index=Index(fields=['organization_id', 'id']),
        ),
        ops.AddIndex(
            model_name='Delivery',
            index=Index(fields=['channel_id', 'id']),
        ),
        ops.AddIndex(
            model_name='Delivery',
            index=Index(fields=['organization_id', 'kind', 'updated_at']),
        ),
        ops.AddIndex(
            model_name='MonitorChannel',
            index=Index(fields=['channel_id']),
        ),
    ]
