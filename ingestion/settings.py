"""Where the environment is read for talking to Cliniko and for what is kept; the rest receives values."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ClinikoSettings(BaseSettings):
    """`ROUTIQ_CLINIKO_*`. The defaults are Cliniko's own limits and cautious patience."""

    model_config = SettingsConfigDict(env_prefix="ROUTIQ_CLINIKO_", extra="ignore")

    contact: str = "operator@example.com"
    """Cliniko may block callers that do not say how to reach them; set it to a mailbox that is read."""
    requests_per_minute: int = Field(default=200, ge=0)
    """What Cliniko allows one user; 0 lifts the limit (only a sandbox allows that)."""
    request_seconds: float = Field(default=60, gt=0)
    """Total time of one request, body included. Cliniko itself gives up after 30 s."""
    answer_megabytes: int = Field(default=32, gt=0)
    """Size cap of one answer, unpacked."""
    attempts: int = Field(default=6, ge=1)
    """Tries of one request when the network or the server fails."""
    retry_seconds: float = Field(default=1.0, ge=0)
    """First pause before another try; doubled each time, with jitter, at most 30 s."""
    patience_seconds: float = Field(default=1800, gt=0)
    """How long one request may go on being told 429 before the run fails."""
    run_hours: float = Field(default=6, gt=0)
    """How long one run may take. At 200 requests a minute that is 7 million records; a first load of 60,000
    patients with all they have takes about one."""
    overlap_minutes: int = Field(default=10, ge=0)
    """Read again before the cursor: Cliniko may show a change later than its stamp says."""
    loss_limit: float = Field(default=0.2, ge=0, le=1)
    """A sweep that finds a larger share of a feed gone fails instead of believing it."""


class RetentionSettings(BaseSettings):
    """How long the raw log keeps what is no longer current."""

    model_config = SettingsConfigDict(env_prefix="ROUTIQ_", extra="ignore", env_ignore_empty=True)

    raw_versions_kept_days: int | None = Field(default=None, ge=1)
    """Days that a superseded version of a record is kept; all are kept while it is not set."""
