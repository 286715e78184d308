"""Who belongs to an organization, asked of Clerk's Backend API through its SDK. Nothing is stored here.

The SDK by itself retries for an hour, waits as long as it is told and follows redirects with the key in hand:
all three are bounded here. Import this module off the event loop: the SDK's import is slow.
"""

import asyncio
from collections.abc import Mapping, Sequence

import httpx
from clerk_backend_api import Clerk, models
from clerk_backend_api.utils import BackoffStrategy, RetryConfig
from pydantic import SecretStr

from serving.features.clerk.reading import ClerkFailure, Reading, Row

PAGE = 100  # as many ids as /users takes at once
REQUEST_SECONDS = 5.0
CHECK_SECONDS = 2.0
READINGS = 3
LIKELY = {401: "key_refused", 403: "key_refused", 404: "organization_unknown", 429: "rate_limited"}
NEVER_AGAIN = RetryConfig("none", BackoffStrategy(0, 0, 1, 0), retry_connection_errors=False)


class Moved(Exception):  # noqa: N818 - what happened, not what went wrong
    """The list changed while it was read: its pages do not fit together."""


class Directory:
    """A client of the Backend API. `retry_seconds` is how long one request is tried again."""

    def __init__(self, url: str, secret_key: SecretStr, retry_seconds: float) -> None:
        self._longest_wait = retry_seconds
        self._client = httpx.AsyncClient(
            timeout=REQUEST_SECONDS,
            trust_env=False,
            follow_redirects=False,
            event_hooks={"response": [self._refuse_long_waits]},
        )
        backoff = BackoffStrategy(250, 4000, 2, int(retry_seconds * 1000), jitter_ms=250)
        self._clerk = Clerk(
            bearer_auth=secret_key.get_secret_value(),
            server_url=url,
            async_client=self._client,
            retry_config=RetryConfig("backoff", backoff, True, ["429", "5XX"]),
            timeout_ms=int(REQUEST_SECONDS * 1000),
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def knows(self, organization_id: str) -> bool:
        """Whether Clerk answers to our key at the moment; asked once, briefly."""
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self._clerk.organizations.get_async(
                    organization_id=organization_id, retries=NEVER_AGAIN
                )
        except models.ClerkErrors as error:
            return error.status_code == httpx.codes.NOT_FOUND  # it knows us, if not the organization
        except (models.ClerkBaseError, httpx.HTTPError, TimeoutError, ClerkFailure):
            return False
        return True

    async def read(self, organization_id: str) -> Reading:
        """The organization and everybody in it, complete.

        Raises:
            ClerkFailure: it could not be read to its end.
        """
        try:
            organization = await self._clerk.organizations.get_async(organization_id=organization_id)
            require(organization.id == organization_id)  # Clerk also takes a slug
            for _ in range(READINGS):
                try:
                    return await self._read_members(organization)
                except Moved:
                    continue
        except (models.ClerkBaseError, httpx.HTTPError) as error:
            raise failure_of(error) from None
        raise ClerkFailure("changed_while_read")

    async def _read_members(self, organization: models.Organization) -> Reading:
        reading = Reading(organization_row(organization))
        seen: set[str] = set()
        total: int | None = None
        while total is None or len(seen) < total:
            page = await self._clerk.organization_memberships.list_async(
                organization_id=organization.id, order_by="+created_at", limit=PAGE, offset=len(seen)
            )
            members = {user_id_of(organization, membership): membership for membership in page.data}
            if total not in {None, page.total_count} or not is_next(members, page, seen):
                raise Moved
            total = page.total_count
            seen |= members.keys()
            reading.memberships += [membership_row(*item) for item in members.items()]
            reading.users += await self._read_users(list(members))
        return reading

    async def _read_users(self, user_ids: Sequence[str]) -> list[Row]:
        if not user_ids:
            return []
        request = models.GetUserListRequest(user_id=list(user_ids), limit=len(user_ids))
        users = await self._clerk.users.list_async(request=request)
        found = {user.id: user for user in users}
        if not found.keys() >= set(user_ids):
            raise Moved
        return [user_row(found[user_id]) for user_id in user_ids]

    async def _refuse_long_waits(self, response: httpx.Response) -> None:
        told = response.headers.get("retry-after", "")
        if told.isdigit() and int(told) > self._longest_wait:
            raise ClerkFailure("rate_limited")


def is_next(members: Mapping[str, object], page: models.OrganizationMemberships, seen: set[str]) -> bool:
    """Whether a page goes on where the ones before ended: nobody twice, nobody missing."""
    is_whole = len(seen) + len(members) == page.total_count or len(members) == PAGE
    return is_whole and len(members) == len(page.data) and not members.keys() & seen


def require(condition: bool) -> None:
    if not condition:
        raise ClerkFailure("unexpected_answer")


def failure_of(error: Exception) -> ClerkFailure:
    """Named by what happened; the SDK's messages quote bodies and stay here."""
    if isinstance(error, models.ResponseValidationError):
        return ClerkFailure("unexpected_answer")
    if isinstance(error, models.ClerkBaseError):
        otherwise = "clerk_failed" if error.status_code >= httpx.codes.INTERNAL_SERVER_ERROR else None
        return ClerkFailure(LIKELY.get(error.status_code, otherwise or "unexpected_answer"))
    return ClerkFailure("clerk_unreachable")


def user_id_of(organization: models.Organization, membership: models.OrganizationMembership) -> str:
    require(membership.organization.id == organization.id)
    user = membership.public_user_data
    if user is None:
        raise ClerkFailure("unexpected_answer")
    return user.user_id


def organization_row(organization: models.Organization) -> Row:
    return {
        "name": organization.name,
        "slug": organization.slug,
        "created_at": organization.created_at,
        "updated_at": organization.updated_at,
    }


def membership_row(user_id: str, membership: models.OrganizationMembership) -> Row:
    return {
        "user_id": user_id,
        "membership_id": membership.id,
        "role": membership.role,
        "created_at": membership.created_at,
        "updated_at": membership.updated_at,
    }


def user_row(user: models.User) -> Row:
    primary = [one for one in user.email_addresses if one.id == user.primary_email_address_id]
    return {
        "user_id": user.id,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": primary[0].email_address if primary else None,
        "is_banned": user.banned,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
        "last_sign_in_at": user.last_sign_in_at,
    }
