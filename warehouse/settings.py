"""Where the environment is read for everything that touches the database; the rest receives values.

Secrets come from the environment or from `ROUTIQ_HOME/secrets.env` (mode 0600), which `ensure_secrets`
writes once. None has a default.
"""

import base64
import secrets
from pathlib import Path
from typing import Literal, Self

import sqlalchemy
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

Role = Literal["admin", "owner", "loader", "api", "operator"]

SECRET_NAMES = (
    "ROUTIQ_MASTER_KEY",
    "ROUTIQ_ADMIN_PASSWORD",
    "ROUTIQ_OWNER_PASSWORD",
    "ROUTIQ_LOADER_PASSWORD",
    "ROUTIQ_API_PASSWORD",
    "ROUTIQ_OPERATOR_PASSWORD",
    "ROUTIQ_ERASURE_KEY",
)


class HomeSettings(BaseSettings):
    """Only where state lives: needed before the secrets that lie there can be read."""

    model_config = SettingsConfigDict(env_prefix="ROUTIQ_", extra="ignore")
    home: Path = Path(".routiq")


class Settings(HomeSettings):
    """The warehouse's settings. `database_url` replaces the embedded server."""

    model_config = SettingsConfigDict(env_prefix="ROUTIQ_", extra="ignore")

    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    postgres_port: int = Field(default=54320, ge=1, le=65535)
    database_name: str = "routiq"

    master_key: SecretStr
    master_key_old: SecretStr | None = None
    """The one before, until `routiq org rewrap` has been run."""
    admin_password: SecretStr
    owner_password: SecretStr
    loader_password: SecretStr
    api_password: SecretStr
    operator_password: SecretStr
    erasure_key: SecretStr
    """By it erased persons are known again. It outlives the master key: never change it."""

    @classmethod
    def load(cls) -> Self:
        """Read the environment, then `secrets.env` of the home.

        Raises:
            pydantic.ValidationError: a secret is missing (`routiq up` makes them).
        """
        return cls(_env_file=HomeSettings().home / "secrets.env")  # type: ignore[call-arg]

    @property
    def is_embedded(self) -> bool:
        return self.database_url is None

    def url(self, role: Role) -> str:
        """The libpq URL of a role. `admin` is whoever `DATABASE_URL` names, or the embedded superuser."""
        if self.database_url is not None:
            base = sqlalchemy.make_url(self.database_url.get_secret_value())
        else:
            base = sqlalchemy.URL.create(
                "postgresql",
                username="postgres",
                password=self.admin_password.get_secret_value(),
                host="127.0.0.1",
                port=self.postgres_port,
                database=self.database_name,
            )
        if role != "admin":
            password: SecretStr = getattr(self, f"{role}_password")
            base = base.set(username=f"routiq_{role}", password=password.get_secret_value())
        return base.set(drivername="postgresql").render_as_string(hide_password=False)

    def master_key_bytes(self) -> bytes:
        """The 32-byte key that wraps each organization's data key.

        Raises:
            ValueError: it is not 32 bytes of base64.
        """
        return _key_bytes("ROUTIQ_MASTER_KEY", self.master_key)

    def old_master_key_bytes(self) -> bytes | None:
        """As `master_key_bytes`, of the key before; None while no other one is to be left behind."""
        old = self.master_key_old
        return (
            _key_bytes("ROUTIQ_MASTER_KEY_OLD", old) if old is not None and old.get_secret_value() else None
        )


def _key_bytes(name: str, value: SecretStr) -> bytes:
    try:
        key = base64.b64decode(value.get_secret_value(), validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ValueError(f"{name} must be 32 bytes in base64")
    return key


def ensure_secrets(home: Path, *more: str) -> Path:
    """Make `home` (mode 0700) and the secrets it lacks, `more` among them; existing ones are never changed.

    Returns the path of `secrets.env` (mode 0600).
    """
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    path = home / "secrets.env"
    lines = path.read_text().splitlines() if path.exists() else []
    known = {line.partition("=")[0] for line in lines}
    missing = [name for name in (*SECRET_NAMES, *more) if name not in known]
    if missing:
        lines += [f"{name}={_new_secret(name)}" for name in missing]
        draft = path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text("\n".join(lines) + "\n")
        draft.replace(path)
    return path


def _new_secret(name: str) -> str:
    if name == "ROUTIQ_MASTER_KEY":
        return base64.b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_urlsafe(24)
