"""Every setting once: its environment name, default and meaning. None is required.

Read at the edges (cli, app, jobs.worker) and passed on as values; `IS0K_X_FILE` names a file that holds `IS0K_X`.
"""

import hashlib
import os
import tempfile
from importlib.metadata import PackageNotFoundError, version
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

import yarl
from platformdirs import user_data_path
from pydantic import Field, SecretStr, StringConstraints, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "IS0K_"
# 104 on macOS with its closing NUL, 108 on Linux.
LONGEST_SOCKET_BYTES = 103

Network = IPv4Network | IPv6Network
# Without a port, which browsers and proxies send or not; an address in brackets is one of IPv6.
HostName = Annotated[str, StringConstraints(pattern=r"^(\*\.)?[a-z0-9_.-]+$|^\[[0-9a-f:.]+\]$")]
Origin = Annotated[str, StringConstraints(pattern=r"^\*$|^[a-z][a-z0-9+.-]*://[a-z0-9_.:\[\]-]+$")]
# An address in brackets is one of IPv6.
Canary = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9_.-]+|\[[0-9a-f:.]+\]):[0-9]{1,5}$")]

# Anycast, run by four organizations; the names test our name server too.
CANARIES = (
    "1.1.1.1:443",
    "8.8.8.8:443",
    "9.9.9.9:443",
    "208.67.222.222:443",
    "dns.google:443",
    "one.one.one.one:443",
)


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    data_dir: Path = Field(
        default_factory=lambda: user_data_path("is0k", appauthor=False),
        description="Folder of the SQLite database, the bundled Valkey and the generated secret key.",
    )
    database_url: str | None = Field(
        default=None, description="postgres://user:password@host/name. Default: SQLite in the data folder."
    )
    redis_url: str | None = Field(
        default=None,
        description="redis://host:6379/0 or unix:///path. Default: the bundled Valkey, started by `is0k up`.",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        description="Encrypts stored credentials; several, separated by commas: the first encrypts, all decrypt. "
        "Default: generated into the data folder.",
    )
    public_url: str = Field(default="http://127.0.0.1:8000", description="The address people reach this server at.")
    region: str = Field(
        default="default", pattern=r"^[a-z0-9][a-z0-9_.:-]{0,49}$", description="The region this worker is in."
    )
    allowed_networks: Annotated[tuple[Network, ...], NoDecode] = Field(
        default=(),
        description="Private networks that may be watched, e.g. 192.168.0.0/16,10.0.0.0/8. Default: none; "
        "only public addresses are.",
    )
    canaries: Annotated[tuple[Canary, ...], NoDecode] = Field(
        default=CANARIES,
        description="Hosts and ports that answer while a worker's own network works, at least three, some of them by "
        "name; on a LAN the gateway and what else is always there. Most of them silent: nothing is called down. "
        "Default: public name servers. `none` trusts the network.",
    )
    heartbeat_url: SecretStr | None = Field(
        default=None,
        description="A dead man's switch elsewhere, asked for every 30 seconds by each worker while checks are made in "
        "time, alerts are sent, and a check of itself goes all the way. Default: none.",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        description="Opens /metrics to Prometheus, as a bearer token or the password of basic auth. "
        "Default: none; there is no such page.",
    )
    smtp_url: SecretStr | None = Field(
        default=None,
        description="The mail server: smtp://user:password@host:587 (STARTTLS where it is offered, and always with a "
        "password) or smtps://user:password@host:465. Default: none; nothing can be told by e-mail.",
    )
    mail_from: str | None = Field(
        default=None,
        description="Sender of our mails: `is0k <alerts@example.com>`. Default: the user of the mail server if that is "
        "an address, else is0k@ the host of IS0K_PUBLIC_URL.",
    )
    apprise: bool = Field(
        default=False,
        description="Allow alert channels of type apprise. Their connections are made by Apprise, past is0k's guard.",
    )
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = Field(
        default=(),
        description="Networks of the proxies in front, whose X-Forwarded-For is believed, e.g. 127.0.0.1,10.0.0.0/8. "
        "Default: none; the client is who connects.",
    )
    trusted_hosts: Annotated[tuple[HostName, ...], NoDecode] = Field(
        default=(),
        description="Host names that are answered, e.g. is0k.example,*.is0k.example; others get 421. Default: any.",
    )
    cors_origins: Annotated[tuple[Origin, ...], NoDecode] = Field(
        default=(),
        description="Origins whose pages may call the API with a key, e.g. https://app.example, or * for any. "
        "Default: none.",
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="`console` for people, `json` for machines."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="How much is logged.")

    @field_validator("trusted_hosts", "cors_origins", mode="before")
    @classmethod
    def _split_names(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return tuple(part.strip().lower().rstrip("/") for part in value.split(",") if part.strip())

    @field_validator("canaries", mode="before")
    @classmethod
    def _split_canaries(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        parts = tuple(part.strip() for part in value.split(",") if part.strip())
        return () if parts == ("none",) else parts

    @field_validator("canaries")
    @classmethod
    def _have_ports(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(not 1 <= int(canary.rpartition(":")[2]) <= 65_535 for canary in value):
            raise ValueError("the port must be between 1 and 65535")
        return value

    @field_validator("heartbeat_url")
    @classmethod
    def _is_web_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            url = yarl.URL(value.get_secret_value())
            if url.scheme not in ("http", "https") or not url.host:
                raise ValueError("must be http://host/… or https://host/…")
        return value

    @field_validator("allowed_networks", "trusted_proxies", mode="before")
    @classmethod
    def _split_networks(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return tuple(ip_network(part.strip(), strict=False) for part in value.split(",") if part.strip())

    @field_validator("smtp_url")
    @classmethod
    def _is_mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            url = yarl.URL(value.get_secret_value())
            if url.scheme not in ("smtp", "smtps") or not url.host:
                raise ValueError("must be smtp://user:password@host:port or smtps://…")
        return value

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite://{self.data_dir / 'is0k.db'}"

    @property
    def redis(self) -> str:
        return self.redis_url or f"unix://{valkey_socket(self.data_dir)}"

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource, **named: PydanticBaseSettingsSource
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return named["init_settings"], named["env_settings"], FileSource(settings_cls)


class FileSource(PydanticBaseSettingsSource):
    """`IS0K_SECRET_KEY_FILE=/run/secrets/key`: the value is the file's text, without the line's end."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"{PREFIX}{field_name.upper()}_FILE")
        return (Path(path).read_text().strip() if path else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        values = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in values.items() if value is not None}


def plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def valkey_socket(data_dir: Path) -> Path:
    """Where the bundled Valkey listens. A path longer than a socket may have (104 bytes) moves to a temp folder."""
    name = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:16]
    temps = (tempfile.gettempdir(), "/tmp")  # noqa: S108 - Valkey refuses a folder in it that is not ours alone
    folders = [data_dir, *(Path(temp) / f"is0k-{os.getuid()}-{name}" for temp in temps)]
    sockets = [folder / "valkey.sock" for folder in folders]
    return next((socket for socket in sockets if len(os.fsencode(socket)) < LONGEST_SOCKET_BYTES), sockets[-1])


def program_version() -> str:
    try:
        return version("is0k")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "unknown"
