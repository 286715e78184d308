"""What lives as long as the application: one of each, made at the start from the settings.

It is `app.state.services`, and each room finds its own there.
"""

import functools
import time
from dataclasses import dataclass

from serving.access.guard import Gate
from serving.access.issuer import IssuerCheck
from serving.access.jwks import FetchedJwks, FixedKey, SigningKeys, fetch_from
from serving.access.limits import Limits, MemoryLimits, Tier
from serving.access.parties import Parties
from serving.access.redis_limits import RedisLimits
from serving.access.tokens import ROLES, Rules, Verifier
from serving.data.audit import RECORD
from serving.data.database import Database
from serving.data.group_commit import GroupCommit
from serving.data.strangers import find_strangers
from serving.features.clerk.mirror import Mirror
from serving.settings import ServingSettings

OPERATOR_POOL_SIZE = 2


@dataclass(frozen=True)
class Services:
    gate: Gate
    database: Database
    audit: GroupCommit
    operators: Database  # for questions across organizations: sees counts of them, and no patient
    mirror: Mirror | None


def make_services(settings: ServingSettings) -> Services:
    keys: SigningKeys = (
        FixedKey(settings.clerk_jwt_key)
        if settings.clerk_jwt_key
        else FetchedJwks(fetch_from(settings.clerk_jwks_url))
    )
    rules = Rules(
        issuer=settings.clerk_issuer,
        authorized_parties=Parties.of(settings.clerk_authorized_parties),
        operators=frozenset(settings.operators),
        roles={**ROLES, **settings.clerk_roles},
    )
    database = Database(
        settings.api_database_url.get_secret_value(),
        settings.api_pool_size,
        cache_bytes(settings),
    )
    operators = Database(settings.operator_database_url.get_secret_value(), OPERATOR_POOL_SIZE)
    needs_a_look = settings.has_loopback_issuer and not settings.allow_loopback_issuer
    return Services(
        gate=Gate(
            verifier=Verifier(keys, rules, time.time),
            issuer=IssuerCheck(functools.partial(find_strangers, operators), is_needed=needs_a_look),
            limits=make_limits(settings),
        ),
        database=database,
        audit=database.appender(RECORD),
        operators=operators,
        mirror=mirror_for(settings, database),
    )


def mirror_for(settings: ServingSettings, database: Database) -> Mirror | None:
    if settings.clerk_secret_key is None:
        return None
    return Mirror(database, settings.clerk_api_url, settings.clerk_secret_key, settings.clerk_sync_seconds)


def cache_bytes(settings: ServingSettings) -> int:
    """Several workers keep nothing: one of them would hear of another's write only after it was answered."""
    return settings.api_cache_megabytes * 2**20 if settings.api_workers == 1 else 0


def make_limits(settings: ServingSettings) -> Limits:
    per_hour: dict[Tier, int] = {
        "admin": settings.limit_admin,
        "sync": settings.limit_sync,
        "regular": settings.limit_regular,
    }
    if settings.redis_url is None:
        return MemoryLimits(per_hour)
    return RedisLimits(per_hour, settings.redis_url.get_secret_value())
