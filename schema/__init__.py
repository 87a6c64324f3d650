"""The nouns: pure Strawberry types, inputs, settings, enums, errors and ids. No I/O, no database; the core.

`from is0k import schema` and read `schema.Monitor` as the monitor of the API (`models.Monitor` is the row).
"""

from is0k.schema.api_key import ApiKey, CreateApiKeyInput, NewApiKey
from is0k.schema.check import Check, CheckFilter, CheckTimings
from is0k.schema.enums import (
    CheckStatus,
    IncidentImpact,
    IncidentOrigin,
    IncidentStatus,
    MonitorStatus,
    MonitorType,
    Period,
    Plan,
    Reason,
    Scope,
)
from is0k.schema.http_settings import HttpSettings
from is0k.schema.incident import Incident, IncidentCause
from is0k.schema.monitor import (
    CreateMonitorInput,
    Monitor,
    MonitorFilter,
    MonitorSettings,
    MonitorSettingsInput,
    MonitorSettingsPatch,
    UpdateMonitorInput,
)
from is0k.schema.page import Connection, Page, PageArguments
from is0k.schema.payloads import Deleted
from is0k.schema.stats import Stats, StatsRange

__all__ = [
    "ApiKey",
    "Check",
    "CheckFilter",
    "CheckStatus",
    "CheckTimings",
    "Connection",
    "CreateApiKeyInput",
    "CreateMonitorInput",
    "Deleted",
    "HttpSettings",
    "Incident",
    "IncidentCause",
    "IncidentImpact",
    "IncidentOrigin",
    "IncidentStatus",
    "Monitor",
    "MonitorFilter",
    "MonitorSettings",
    "MonitorSettingsInput",
    "MonitorSettingsPatch",
    "MonitorStatus",
    "MonitorType",
    "NewApiKey",
    "Page",
    "PageArguments",
    "Period",
    "Plan",
    "Reason",
    "Scope",
    "Stats",
    "StatsRange",
    "UpdateMonitorInput",
]
