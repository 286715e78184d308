"""The claims of a session token, both generations, each value of exactly the right type."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Instant = Annotated[int, Field(gt=0, lt=2**40)]
Subject = Annotated[str, StringConstraints(pattern=r"^(?!mch_)[A-Za-z0-9_.|:-]{1,255}\Z")]
SessionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.|:-]{1,255}\Z")]
OrganizationId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]
RoleName = r"[A-Za-z0-9_:-]{1,64}\Z"
Role = Literal["member", "admin"]


class Claims(BaseModel):
    """What both generations share. Strict: no number in a string, no boolean as a number."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, regex_engine="python-re")

    iss: str
    sub: Subject
    azp: str
    exp: Instant
    nbf: Instant
    iat: Instant
    sid: SessionId | None = None
    sts: Literal["active"] = "active"


class ClaimsV1(Claims):
    """`org_id` and `org_role` ("org:admin"); both or neither."""

    org_id: OrganizationId | None = None
    org_role: Annotated[str, StringConstraints(pattern=rf"^org:{RoleName}")] | None = None
    org_slug: str | None = None
    org_permissions: list[str] | None = None

    def organization(self) -> tuple[str | None, str | None]:
        """Its id, and the role there as Clerk calls it, without the prefix."""
        return self.org_id, (self.org_role or "").removeprefix("org:") or None


class Organization(BaseModel):
    model_config = Claims.model_config

    id: OrganizationId
    rol: Annotated[str, StringConstraints(pattern=rf"^(?!org:){RoleName}")]
    slg: str | None = None
    per: str | None = None
    fpm: str | None = None


class ClaimsV2(Claims):
    """`v` is 2 and the organization is `o`, its role without the prefix."""

    v: Annotated[int, Field(ge=2, le=2)]  # not a Literal: that would take 2.0
    o: Organization | None = None

    def organization(self) -> tuple[str | None, str | None]:
        return (self.o.id, self.o.rol) if self.o else (None, None)
