"""What the API is told that those who start it must know too: where it listens, and whose tokens it takes."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from warehouse.loopback import is_loopback_issuer

CommaList = Annotated[tuple[str, ...], NoDecode]


class ApiSettings(BaseSettings):
    """Nobody is trusted by default. The API itself also requires the issuer and the authorized parties."""

    model_config = SettingsConfigDict(env_prefix="ROUTIQ_", extra="ignore")

    api_port: int = Field(default=8000, ge=1, le=65535)
    clerk_issuer: str = ""
    clerk_jwks_url: str = ""
    clerk_jwt_key: str = ""
    clerk_authorized_parties: CommaList = ()
    operators: CommaList = ()
    allow_loopback_issuer: bool = False

    @field_validator("clerk_authorized_parties", "operators", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return tuple(value) if isinstance(value, Iterable) else value

    @property
    def has_loopback_issuer(self) -> bool:
        return is_loopback_issuer(self.clerk_issuer, self.clerk_jwks_url, self.clerk_jwt_key)
