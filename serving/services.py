"""What lives as long as the application: one of each, made at the start, found through the request."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request

from serving.access.issuer import IssuerCheck
from serving.access.limits import Limits
from serving.access.tokens import Verifier
from serving.data.database import Database
from serving.data.group_commit import Together

if TYPE_CHECKING:
    from serving.features.clerk.mirror import Mirror


@dataclass(frozen=True)
class Services:
    verifier: Verifier
    issuer: IssuerCheck
    limits: Limits
    database: Database
    audit: Together
    operators: Database  # for questions across organizations: sees counts of them, and no patient
    mirror: "Mirror | None"


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services
