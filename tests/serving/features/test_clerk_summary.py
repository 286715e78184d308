"""What the mirror of Clerk's people holds, and who may see it."""

import psycopg
import pytest

from tests.serving import marts
from tests.serving.conftest import Clerk, run_api, settings_for
from tests.serving.features.conftest import MIRROR, ask
from warehouse.settings import Settings


def test_the_mirror_of_ones_own_organization(mirrored: Settings, clerk: Clerk) -> None:
    assert ask(mirrored, clerk, MIRROR) == {
        "users": {"total_users": 3, "users_last_7_days": 1, "users_with_login": 2},
        "organizations": {"total_organizations": 1, "orgs_last_7_days": 0, "active_organizations": 1},
        "memberships": {
            "total_memberships": 3,
            "active_memberships": 2,
            "orgs_with_members": 1,
            "users_with_orgs": 3,
        },
        "role_distribution": [{"role": "org:member", "count": 2}, {"role": "org:admin", "count": 1}],
    }


def test_the_mirror_of_all_is_for_operators(mirrored: Settings, clerk: Clerk) -> None:
    marts.add_organization(mirrored, "org_off", active=False)
    with run_api(settings_for(mirrored, clerk), clerk) as api:
        body = api.client.get(MIRROR, headers=clerk.bearer("org_a", subject="user_operator")).json()
    assert body == {
        "users": {"total_users": 4, "users_last_7_days": 2, "users_with_login": 2},
        "organizations": {"total_organizations": 3, "orgs_last_7_days": 1, "active_organizations": 2},
        "memberships": {
            "total_memberships": 5,
            "active_memberships": 4,
            "orgs_with_members": 2,
            "users_with_orgs": 4,
        },
        "role_distribution": [
            {"role": "org:member", "count": 3},
            {"role": "org:admin", "count": 1},
            {"role": "org:owner", "count": 1},
        ],
    }


def test_the_role_of_the_api_sees_one_organizations_people_only(mirrored: Settings) -> None:
    with psycopg.connect(mirrored.url("api")) as connection:
        connection.execute("set local app.organization_id = 'org_a'")
        for table in ("app.clerk_users", "app.clerk_memberships"):
            seen = connection.execute(f"select distinct organization_id from {table}").fetchall()
            assert seen == [("org_a",)]


@pytest.mark.parametrize("column", ["first_name", "last_name", "email"])
def test_operators_see_no_name_and_no_address(mirrored: Settings, column: str) -> None:
    with (
        psycopg.connect(mirrored.url("operator")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(f"select {column} from app.clerk_users")
