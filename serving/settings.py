"""Where the API reads its environment; everything else receives values.

The keys that sign tokens come either from the issuer's JWKS (`clerk_jwks_url`, by default the issuer's
well-known path) or from one fixed public key (`clerk_jwt_key`, PEM), for networks that may not call out.
`clerk_secret_key` is for mirroring who belongs to an organization; without it only that is refused.
`clerk_roles` says what an instance's own roles mean here: "receptionist=member, owner=admin".
"""

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import NoDecode, SettingsConfigDict

from serving.access.claims import Role
from serving.access.parties import ANY_PORT
from warehouse.api_settings import ApiSettings, CommaList
from warehouse.loopback import is_loopback, is_loopback_url
from warehouse.settings import HomeSettings
from warehouse.settings import Settings as WarehouseSettings


class ServingSettings(ApiSettings):
    """What the API needs to know. The issuer and the authorized parties have no default."""

    model_config = SettingsConfigDict(env_prefix="ROUTIQ_", extra="ignore", populate_by_name=True)

    api_database_url: SecretStr
    operator_database_url: SecretStr
    api_host: str = "127.0.0.1"
    api_pool_size: int = Field(default=8, ge=1, le=100)
    api_cache_megabytes: int = Field(default=64, ge=0, le=16_384)

    clerk_issuer: str = Field(min_length=1)
    clerk_authorized_parties: CommaList = Field(min_length=1)
    clerk_roles: Annotated[dict[str, Role], NoDecode] = Field(default_factory=dict)
    clerk_api_url: str = "https://api.clerk.com/v1"
    clerk_secret_key: SecretStr | None = None
    clerk_sync_seconds: float = Field(default=60, gt=0)

    api_workers: int = Field(default=1, ge=1, le=64)
    redis_url: SecretStr | None = None

    limit_admin: int = Field(default=50, ge=1)
    limit_sync: int = Field(default=10, ge=1)
    limit_regular: int = Field(default=1000, ge=1)

    @classmethod
    def load(cls) -> Self:
        """Read the environment and `secrets.env`; the database is reached as the role `api`.

        Raises:
            pydantic.ValidationError: a setting is missing or makes no sense.
        """
        warehouse = WarehouseSettings.load()
        return cls(
            api_database_url=SecretStr(warehouse.url("api")),
            operator_database_url=SecretStr(warehouse.url("operator")),
            _env_file=HomeSettings().home / "secrets.env",  # type: ignore[call-arg]
        )

    @field_validator("clerk_secret_key")
    @classmethod
    def _no_key_is_none(cls, value: SecretStr | None) -> SecretStr | None:
        return value if value and value.get_secret_value() else None

    @field_validator("clerk_roles", mode="before")
    @classmethod
    def _read_roles(cls, value: object) -> object:
        return read_roles(value) if isinstance(value, str) else value

    @field_validator("redis_url", mode="after")
    @classmethod
    def _check_redis_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        if urlsplit(value.get_secret_value()).scheme not in {"redis", "rediss", "unix"}:
            raise ValueError("ROUTIQ_REDIS_URL must begin with redis://, rediss:// or unix://")
        return value

    @model_validator(mode="after")
    def _count_together(self) -> Self:
        if self.api_workers > 1 and self.redis_url is None:
            raise ValueError("ROUTIQ_API_WORKERS above 1 needs ROUTIQ_REDIS_URL: workers must count together")
        return self

    @model_validator(mode="after")
    def _keep_any_port_to_this_machine(self) -> Self:
        for party in self.clerk_authorized_parties:
            if "*" in party and not (ANY_PORT.fullmatch(party) and is_loopback_url(self.clerk_issuer)):
                raise ValueError(
                    "ROUTIQ_CLERK_AUTHORIZED_PARTIES names each page with its port; http://localhost:* and "
                    "http://127.0.0.1:* are for an issuer on this machine, as the demo's is"
                )
        return self

    @model_validator(mode="after")
    def _default_and_check_urls(self) -> Self:
        if not self.clerk_jwks_url:
            self.clerk_jwks_url = f"{self.clerk_issuer.rstrip('/')}/.well-known/jwks.json"
        if not self.clerk_jwt_key:
            require_private_way(self.clerk_jwks_url, "ROUTIQ_CLERK_JWKS_URL")
        if self.clerk_secret_key:
            require_private_way(self.clerk_api_url, "ROUTIQ_CLERK_API_URL")
        return self


def setting_of(fault: ErrorDetails) -> str:
    """As the environment names the setting that is wrong; empty where several do not fit together."""
    name = str(fault["loc"][0]) if fault["loc"] else ""
    return f"ROUTIQ_{name.upper()}" if name.islower() else name


def require_private_way(url: str, setting: str) -> None:
    """Over plain HTTP a key that is fetched could be anybody's, and one that is sent anybody could read: only
    this machine itself may be asked so.

    Raises:
        ValueError: neither https nor loopback.
    """
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme != "http" or not is_loopback(parts.hostname or ""):
        raise ValueError(f"{setting} must be https, or http on this machine")


def read_roles(written: str) -> dict[str, str]:
    """ "receptionist=member, org:owner=admin": Clerk's role, with or without its prefix, and ours.

    Raises:
        ValueError: it is written otherwise, or says two things of a role.
    """
    roles: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in written.split(","))):
        name, _, role = (part.strip() for part in pair.partition("="))
        name = name.removeprefix("org:")
        if not name or role not in {"member", "admin"} or roles.setdefault(name, role) != role:
            raise ValueError("ROUTIQ_CLERK_ROLES is a comma list of Clerk's role=member or role=admin")
    return roles
