-- What the database holds, of the organizations in scope. A day is one of the organization's own.
with places as (
    select
        organization_id,
        is_active,
        time_zone,
        (asked.as_of at time zone time_zone)::date - (created_at at time zone time_zone)::date < 7
            as is_new
    from app.organizations
    where {scope}
),

people as (
    select
        users.user_id,
        users.last_sign_in_at is not null as has_login,
        (asked.as_of at time zone places.time_zone)::date
        - (users.created_at at time zone places.time_zone)::date < 7 as is_new
    from app.clerk_users as users
    inner join places
        on places.organization_id = users.organization_id
),

members as (
    select
        memberships.organization_id,
        memberships.user_id,
        memberships.role,
        not users.is_banned as is_active
    from places
    inner join app.clerk_memberships as memberships
        on memberships.organization_id = places.organization_id
    inner join app.clerk_users as users
        on
            users.organization_id = memberships.organization_id
            and users.user_id = memberships.user_id
),

of_users as (
    select
        count(distinct user_id) as total_users,
        count(distinct user_id) filter (where is_new) as users_last_7_days,
        count(distinct user_id) filter (where has_login) as users_with_login
    from people
),

of_organizations as (
    select
        count(*) as total_organizations,
        count(*) filter (where is_new) as orgs_last_7_days,
        count(*) filter (where is_active) as active_organizations
    from places
),

of_memberships as (
    select
        count(*) as total_memberships,
        count(*) filter (where is_active) as active_memberships,
        count(distinct organization_id) as orgs_with_members,
        count(distinct user_id) as users_with_orgs
    from members
),

roles as (
    select
        role,
        count(*) as count
    from members
    group by role
)

select
    of_users.*,
    of_organizations.*,
    of_memberships.*,
    (
        select coalesce(json_agg({RoleCount} order by count desc, role), '[]'::json)
        from roles
    ) as role_distribution,
    '{}'::text[] as patient_ids
from of_users
cross join of_organizations
cross join of_memberships
