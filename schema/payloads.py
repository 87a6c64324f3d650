"""What mutations answer: the noun, or what is wrong with the input. Who may call, and how often, is not told here but
in GraphQL's own `errors`."""

import strawberry

from is0k.schema.alert_channel import AlertChannel
from is0k.schema.api_key import NewApiKey
from is0k.schema.check import Check
from is0k.schema.delivery import Delivery
from is0k.schema.errors import DomainError
from is0k.schema.incident import Incident
from is0k.schema.maintenance_window import MaintenanceWindow
from is0k.schema.monitor import Monitor
from is0k.schema.preview import Preview
from is0k.schema.status_page import StatusPage


@strawberry.type(description="One thing wrong with the input.")
class UserError:
    field: list[str] = strawberry.field(description="The path to the field, from the mutation's argument on.")
    code: str
    message: str


@strawberry.type
class Payload:
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it is done.")


@strawberry.type
class MonitorPayload(Payload):
    monitor: Monitor | None = None


@strawberry.type
class CheckPayload(Payload):
    check: Check | None = None


@strawberry.type
class PreviewPayload(Payload):
    preview: Preview | None = None


@strawberry.type
class IncidentPayload(Payload):
    incident: Incident | None = None


@strawberry.type
class AlertChannelPayload(Payload):
    alert_channel: AlertChannel | None = None


@strawberry.type
class DeliveryPayload(Payload):
    delivery: Delivery | None = None


@strawberry.type
class ApiKeyPayload(Payload):
    new_api_key: NewApiKey | None = None


@strawberry.type
class StatusPagePayload(Payload):
    status_page: StatusPage | None = None


@strawberry.type
class MaintenanceWindowPayload(Payload):
    maintenance_window: MaintenanceWindow | None = None


@strawberry.type(description="What is gone.")
class Deleted:
    id: strawberry.ID
    deleted: bool = True


@strawberry.type
class DeletedPayload(Payload):
    deleted: Deleted | None = None


def user_errors(error: DomainError) -> list[UserError]:
    if not error.faults:
        return [UserError(field=[], code=error.code, message=error.message)]
    return [UserError(field=fault.field, code=fault.code, message=fault.message) for fault in error.faults]
