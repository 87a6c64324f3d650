"""The nouns: pure Strawberry types, inputs, settings, enums, errors and ids. No I/O, no database; the core.

`from is0k import schema` and read `schema.Monitor` as the monitor of the API (`models.Monitor` is the row).
"""

from is0k.schema.alert_channel import (
    AlertChannel,
    AlertChannelFilter,
    AlertChannelSettings,
    AlertChannelSettingsInput,
    AlertChannelSettingsPatch,
    CreateAlertChannelInput,
    UpdateAlertChannelInput,
)
from is0k.schema.api_key import ApiKey, CreateApiKeyInput, NewApiKey
from is0k.schema.assertion import Assertion, AssertionInput, AssertionResult
from is0k.schema.bars import Bars, DayCount, LatencyLines
from is0k.schema.check import Check, CheckFilter, CheckTimings
from is0k.schema.delivery import Delivery, DeliveryFilter
from is0k.schema.enums import (
    ChannelEvent,
    ChannelType,
    CheckStatus,
    DeliveryStatus,
    IncidentImpact,
    IncidentOrigin,
    IncidentStatus,
    MaintenanceStatus,
    MonitorStatus,
    MonitorType,
    Period,
    PingKind,
    Plan,
    Reason,
    Scope,
)
from is0k.schema.http_settings import HttpSettings
from is0k.schema.incident import (
    CreateIncidentInput,
    CreateIncidentUpdateInput,
    Incident,
    IncidentCause,
    IncidentFilter,
    IncidentUpdate,
    LastGood,
    UpdateIncidentInput,
)
from is0k.schema.maintenance_window import (
    CreateMaintenanceWindowInput,
    MaintenanceWindow,
    MaintenanceWindowFilter,
    UpdateMaintenanceWindowInput,
)
from is0k.schema.me import Me, Organization, PlanLimits, PlanUsage
from is0k.schema.monitor import (
    CreateMonitorInput,
    Monitor,
    MonitorFilter,
    MonitorSettings,
    MonitorSettingsInput,
    MonitorSettingsPatch,
    UpdateMonitorInput,
)
from is0k.schema.notice import Notice, NoticeFilter
from is0k.schema.page import Connection, Page, PageArguments
from is0k.schema.payloads import Deleted
from is0k.schema.ping import Ping
from is0k.schema.preview import Preview, PreviewMonitorInput
from is0k.schema.region import Region
from is0k.schema.stats import Stats, StatsRange
from is0k.schema.status_change import MonitorStatusChange
from is0k.schema.status_page import (
    Component,
    CreateComponentInput,
    CreateStatusPageInput,
    StatusPage,
    StatusPageFilter,
    UpdateComponentInput,
    UpdateStatusPageInput,
)

__all__ = [
    "AlertChannel",
    "AlertChannelFilter",
    "AlertChannelSettings",
    "AlertChannelSettingsInput",
    "AlertChannelSettingsPatch",
    "ApiKey",
    "Assertion",
    "AssertionInput",
    "AssertionResult",
    "Bars",
    "ChannelEvent",
    "ChannelType",
    "Check",
    "CheckFilter",
    "CheckStatus",
    "CheckTimings",
    "Component",
    "Connection",
    "CreateAlertChannelInput",
    "CreateApiKeyInput",
    "CreateComponentInput",
    "CreateIncidentInput",
    "CreateIncidentUpdateInput",
    "CreateMaintenanceWindowInput",
    "CreateMonitorInput",
    "CreateStatusPageInput",
    "DayCount",
    "Deleted",
    "Delivery",
    "DeliveryFilter",
    "DeliveryStatus",
    "HttpSettings",
    "Incident",
    "IncidentCause",
    "IncidentFilter",
    "IncidentImpact",
    "IncidentOrigin",
    "IncidentStatus",
    "IncidentUpdate",
    "LastGood",
    "LatencyLines",
    "MaintenanceStatus",
    "MaintenanceWindow",
    "MaintenanceWindowFilter",
    "Me",
    "Monitor",
    "MonitorFilter",
    "MonitorSettings",
    "MonitorSettingsInput",
    "MonitorSettingsPatch",
    "MonitorStatus",
    "MonitorStatusChange",
    "MonitorType",
    "NewApiKey",
    "Notice",
    "NoticeFilter",
    "Organization",
    "Page",
    "PageArguments",
    "Period",
    "Ping",
    "PingKind",
    "Plan",
    "PlanLimits",
    "PlanUsage",
    "Preview",
    "PreviewMonitorInput",
    "Reason",
    "Region",
    "Scope",
    "Stats",
    "StatsRange",
    "StatusPage",
    "StatusPageFilter",
    "UpdateAlertChannelInput",
    "UpdateComponentInput",
    "UpdateIncidentInput",
    "UpdateMaintenanceWindowInput",
    "UpdateMonitorInput",
    "UpdateStatusPageInput",
]
