"""Every closed set of words. The value is the word REST, the database and the logs use; GraphQL shows the NAME."""

from enum import Enum

import strawberry


@strawberry.enum(description="What kind of target a monitor watches.")
class MonitorType(Enum):
    HTTP = "http"
    TCP = "tcp"
    PING = "ping"
    DNS = "dns"
    TLS = "tls"
    HEARTBEAT = "heartbeat"


@strawberry.enum(description="What is0k believes about a monitor's target now.")
class MonitorStatus(Enum):
    PENDING = strawberry.enum_value("pending", description="No check has been recorded yet.")
    UP = "up"
    DEGRADED = strawberry.enum_value("degraded", description="Answers, but slower or less healthy than agreed.")
    DOWN = "down"
    PAUSED = "paused"
    MAINTENANCE = strawberry.enum_value(
        "maintenance", description="A maintenance window lasts: it is checked, and nobody is told of what is found."
    )
    UNKNOWN = strawberry.enum_value("unknown", description="Our side could not tell.")


@strawberry.enum(description="What one check found.")
class CheckStatus(Enum):
    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"


@strawberry.enum(description="Why a check ended as it did, as a word a program can rely on.")
class Reason(Enum):
    OK = "ok"
    TIMEOUT = "timeout"
    DNS_ERROR = "dns_error"
    CONNECTION_REFUSED = "connection_refused"
    CONNECTION_RESET = "connection_reset"
    CONNECTION_ERROR = "connection_error"
    TLS_ERROR = "tls_error"
    TLS_EXPIRING = "tls_expiring"
    BAD_STATUS = "bad_status"
    KEYWORD_MISSING = "keyword_missing"
    KEYWORD_PRESENT = "keyword_present"
    ASSERTION_FAILED = "assertion_failed"
    PACKET_LOSS = "packet_loss"
    DNS_MISMATCH = "dns_mismatch"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    RESPONSE_TOO_LARGE = "response_too_large"
    BLOCKED_TARGET = "blocked_target"
    LATE = "late"
    MISSED = "missed"
    OBSERVER_UNHEALTHY = "observer_unhealthy"
    INTERNAL_ERROR = "internal_error"


@strawberry.enum
class HttpMethod(Enum):
    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    HEAD = "HEAD"
    OPTIONS = "OPTIONS"
    PATCH = "PATCH"
    DELETE = "DELETE"


@strawberry.enum(description="Whether the keyword must be in the body, or must not be.")
class KeywordMode(Enum):
    CONTAINS = "contains"
    ABSENT = "absent"


@strawberry.enum(description="Which addresses of a name are tried.")
class IpVersion(Enum):
    ANY = "any"
    IPV4 = "ipv4"
    IPV6 = "ipv6"


@strawberry.enum(description="The DNS record a `dns` monitor asks for.")
class RecordType(Enum):
    A = "A"
    AAAA = "AAAA"
    CNAME = "CNAME"
    MX = "MX"
    NS = "NS"
    TXT = "TXT"
    SOA = "SOA"
    SRV = "SRV"
    CAA = "CAA"
    PTR = "PTR"


@strawberry.enum(description="How the answers of a name server must match the expected values.")
class MatchMode(Enum):
    ANY = strawberry.enum_value("any", description="At least one of them is answered.")
    ALL = strawberry.enum_value("all", description="Each of them is answered; more may be.")
    EXACT = strawberry.enum_value("exact", description="They and nothing else are answered.")


@strawberry.enum(description="How a connection that begins in the clear is asked to encrypt.")
class StartTls(Enum):
    NONE = strawberry.enum_value("none", description="TLS from the first byte.")
    SMTP = "smtp"
    IMAP = "imap"
    POP3 = "pop3"
    POSTGRES = "postgres"


@strawberry.enum(description="What a job says when it calls.")
class PingKind(Enum):
    START = strawberry.enum_value("start", description="It has begun.")
    SUCCESS = "success"
    FAIL = "fail"
    LOG = strawberry.enum_value("log", description="Something for its log, of which nothing follows.")


@strawberry.enum(description="What an assertion looks at. Which of them there are depends on the type of monitor.")
class AssertionSource(Enum):
    STATUS = strawberry.enum_value("status", description="The HTTP status code.")
    LATENCY = strawberry.enum_value("latency", description="In milliseconds.")
    HEADER = strawberry.enum_value("header", description="The header of the answer that `path` names.")
    BODY = strawberry.enum_value("body", description="What was read of the answer, at most 256 KiB.")
    JSON = strawberry.enum_value("json", description="The values that `path`, a JSONPath, finds in the body.")
    CERTIFICATE_DAYS = strawberry.enum_value("certificate_days", description="Until the certificate expires.")
    ANSWERS = strawberry.enum_value("answers", description="Of a name server, sorted, one a line.")
    PACKET_LOSS = strawberry.enum_value("packet_loss", description="In percent.")
    ADDRESS = strawberry.enum_value("address", description="The IP address that was connected to, or asked.")


@strawberry.enum(description="How an assertion compares what it finds with its `target`.")
class AssertionOp(Enum):
    EQ = strawberry.enum_value("eq", description="Is the target; numbers are compared as numbers.")
    NE = "ne"
    LT = strawberry.enum_value("lt", description="Is a number less than the target.")
    LE = "le"
    GT = "gt"
    GE = "ge"
    CONTAINS = strawberry.enum_value("contains", description="Holds the text; a JSON array: has such an item.")
    NOT_CONTAINS = "not_contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    MATCHES = strawberry.enum_value("matches", description="The RE2 pattern is found in it.")
    NOT_MATCHES = "not_matches"
    EXISTS = strawberry.enum_value("exists", description="Is there at all.")
    NOT_EXISTS = "not_exists"
    EMPTY = strawberry.enum_value("empty", description="Is missing, null, or has nothing in it.")
    NOT_EMPTY = "not_empty"


@strawberry.enum(description="What kind of place an alert channel tells.")
class ChannelType(Enum):
    EMAIL = "email"
    SLACK = "slack"
    DISCORD = "discord"
    TELEGRAM = "telegram"
    WEBHOOK = "webhook"
    SMS = "sms"
    APPRISE = "apprise"


@strawberry.enum(description="What an alert channel may tell of.")
class ChannelEvent(Enum):
    DOWN = "down"
    UP = "up"
    DEGRADED = "degraded"
    TLS_EXPIRING = "tls_expiring"
    HEARTBEAT_MISSED = "heartbeat_missed"
    FLAPPING = "flapping"
    INCIDENT = "incident"


@strawberry.enum(description="How far a delivery has come.")
class DeliveryStatus(Enum):
    PENDING = "pending"
    SENT = "sent"
    FAILED = strawberry.enum_value("failed", description="Given up; it can be replayed.")


@strawberry.enum(description="What is0k has to say about itself.")
class NoticeKind(Enum):
    BLIND = strawberry.enum_value(
        "blind", description="A region cannot tell its own network, names or load from its targets."
    )
    REGION_SILENT = strawberry.enum_value("region_silent", description="No worker of a region speaks up.")
    MASS_FAILURE = strawberry.enum_value(
        "mass_failure", description="Most monitors of a region began to fail together, while its canaries answer."
    )


@strawberry.enum
class IncidentStatus(Enum):
    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


@strawberry.enum
class IncidentImpact(Enum):
    NONE = "none"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


@strawberry.enum(description="Whether is0k opened the incident or a person did.")
class IncidentOrigin(Enum):
    AUTOMATIC = "automatic"
    MANUAL = "manual"


@strawberry.enum(description="Who may open a status page.")
class Visibility(Enum):
    PUBLIC = "public"
    PASSWORD = "password"  # noqa: S105 - the word, not a secret


@strawberry.enum(description="The colours of a status page.")
class Theme(Enum):
    SYSTEM = strawberry.enum_value("system", description="Those of the visitor's device.")
    LIGHT = "light"
    DARK = "dark"


@strawberry.enum(description="Where a maintenance window is now.")
class MaintenanceStatus(Enum):
    SCHEDULED = strawberry.enum_value("scheduled", description="Not now, but it is to come.")
    ACTIVE = "active"
    ENDED = strawberry.enum_value("ended", description="It does not come again.")


@strawberry.enum(description="A span of time that ends now.")
class Period(Enum):
    HOUR_24 = "24h"
    DAY_7 = "7d"
    DAY_30 = "30d"
    DAY_90 = "90d"
    DAY_365 = "365d"


@strawberry.enum(description="What an organization has booked. Each plan has what those before it have.")
class Plan(Enum):
    FREE = "free"
    HOBBY = "hobby"
    PRO = "pro"
    BUSINESS = "business"
    ENTERPRISE = "enterprise"

    @property
    def title(self) -> str:
        return self.value.capitalize()

    def includes(self, other: "Plan") -> bool:
        order = list(Plan)
        return order.index(self) >= order.index(other)


@strawberry.enum(description="What an API key may do. Each scope includes the ones before it.")
class Scope(Enum):
    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    def includes(self, other: "Scope") -> bool:
        order = list(Scope)
        return order.index(self) >= order.index(other)
