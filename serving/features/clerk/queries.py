"""The statements behind the Clerk routes. Each organization has rows of its own in the mirror."""

from typing import LiteralString

from serving.data.framing import framed, instant

# A sync whose lease has run out was abandoned: its process is gone. It is ended here; where it still stood in
# the way of a new one, no row comes back with an id, and the statement is asked again.
BEGIN: LiteralString = """
with known as (
    select organization_id, is_active
    from app.organizations
    where organization_id = %(organization_id)s
),

abandoned as (
    update app.clerk_syncs
    set status = 'failed', finished_at = now(), error_code = 'abandoned'
    where organization_id = %(organization_id)s and status = 'running' and lease_expires_at <= now()
),

begun as (
    insert into app.clerk_syncs (organization_id, requested_by, lease_expires_at)
    select organization_id, %(requested_by)s, now() + make_interval(secs => %(lease_seconds)s)
    from known
    where is_active
    on conflict (organization_id) where status = 'running' do nothing
    returning id
)

select
    known.is_active,
    coalesce(
        (select id from begun),
        (
            select id from app.clerk_syncs
            where organization_id = %(organization_id)s
                and status = 'running' and lease_expires_at > now()
        )
    )::text as sync_id,
    exists (select from begun) as is_new,
    (
        select ceil(extract(epoch from finished_at - started_at))::integer
        from app.clerk_syncs
        where organization_id = %(organization_id)s and status = 'succeeded'
        order by started_at desc
        limit 1
    ) as last_seconds
from known
"""

FAIL: LiteralString = """
update app.clerk_syncs
set status = 'failed', finished_at = now(), error_code = %(code)s
where organization_id = %(organization_id)s and id = %(sync_id)s::uuid and status = 'running'
"""

# One statement, so one transaction: all of what was read, or nothing. Everything hangs on `ended`: a sync
# that was declared abandoned meanwhile changes nothing. Whoever is no longer a member goes, with membership.
MIRROR: LiteralString = """
with ended as (
    update app.clerk_syncs
    set
        status = 'succeeded',
        finished_at = clock_timestamp(),
        users = jsonb_array_length(%(users)s::jsonb),
        memberships = jsonb_array_length(%(memberships)s::jsonb),
        removed = (
            select count(*)
            from app.clerk_users as present
            where
                present.organization_id = %(organization_id)s
                and not %(users)s::jsonb @> jsonb_build_array(jsonb_build_object('user_id', present.user_id))
        )
    where organization_id = %(organization_id)s and id = %(sync_id)s::uuid and status = 'running'
    returning organization_id
),

organization as (
    insert into app.clerk_organizations (organization_id, name, slug, created_at, updated_at)
    select
        ended.organization_id, read.name, read.slug,
        to_timestamp(read.created_at / 1000.0), to_timestamp(read.updated_at / 1000.0)
    from ended, jsonb_to_record(%(organization)s::jsonb)
        as read (name text, slug text, created_at numeric, updated_at numeric)
    on conflict (organization_id) do update
    set name = excluded.name, slug = excluded.slug, updated_at = excluded.updated_at,
        created_at = excluded.created_at
),

users as (
    insert into app.clerk_users (
        organization_id, user_id, first_name, last_name, email, is_banned,
        created_at, updated_at, last_sign_in_at
    )
    select
        ended.organization_id, read.user_id, read.first_name, read.last_name, read.email, read.is_banned,
        to_timestamp(read.created_at / 1000.0), to_timestamp(read.updated_at / 1000.0),
        to_timestamp(read.last_sign_in_at / 1000.0)
    from ended, jsonb_to_recordset(%(users)s::jsonb) as read (
        user_id text, first_name text, last_name text, email text, is_banned boolean,
        created_at numeric, updated_at numeric, last_sign_in_at numeric
    )
    on conflict (organization_id, user_id) do update
    set first_name = excluded.first_name, last_name = excluded.last_name, email = excluded.email,
        is_banned = excluded.is_banned, created_at = excluded.created_at,
        updated_at = excluded.updated_at, last_sign_in_at = excluded.last_sign_in_at
),

memberships as (
    insert into app.clerk_memberships (
        organization_id, user_id, membership_id, role, created_at, updated_at
    )
    select
        ended.organization_id, read.user_id, read.membership_id, read.role,
        to_timestamp(read.created_at / 1000.0), to_timestamp(read.updated_at / 1000.0)
    from ended, jsonb_to_recordset(%(memberships)s::jsonb) as read (
        user_id text, membership_id text, role text, created_at numeric, updated_at numeric
    )
    on conflict (organization_id, user_id) do update
    set membership_id = excluded.membership_id, role = excluded.role,
        created_at = excluded.created_at, updated_at = excluded.updated_at
)

delete from app.clerk_users as present
using ended
where
    present.organization_id = ended.organization_id
    and not exists (
        select from jsonb_to_recordset(%(users)s::jsonb) as read (user_id text)
        where read.user_id = present.user_id
    )
"""

STATUS: LiteralString = framed(f"""
    with latest as (
        select
            json_build_object(
                'sync_id', id,
                'status', case
                    when status = 'running' and lease_expires_at <= now() then 'failed' else status
                end,
                'error_code', case
                    when status = 'running' and lease_expires_at <= now() then 'abandoned' else error_code
                end,
                'started_at', {instant("started_at")},
                'finished_at', {instant("finished_at")}
            ) as attempt,
            status = 'running' and lease_expires_at > now() as is_running
        from app.clerk_syncs
        where organization_id = %(organization_id)s
        order by started_at desc, id desc
        limit 1
    )

    select
        json_build_object(
            'clerk_api_connected', %(is_connected)s::boolean,
            'database_counts', json_build_object(
                'users', (
                    select count(*) from app.clerk_users where organization_id = %(organization_id)s
                ),
                'organizations', (
                    select count(*) from app.clerk_organizations where organization_id = %(organization_id)s
                ),
                'organization_members', (
                    select count(*) from app.clerk_memberships where organization_id = %(organization_id)s
                )
            ),
            'last_sync', (
                select {instant("max(finished_at)")}
                from app.clerk_syncs
                where organization_id = %(organization_id)s and status = 'succeeded'
            ),
            'last_attempt', (select attempt from latest),
            'sync_in_progress', coalesce((select is_running from latest), false)
        )::text as body,
        '{{}}'::text[] as patient_ids
""")


def summary(scope: LiteralString) -> LiteralString:
    """What the database holds, of the organizations in `scope`. A day is one of the organization's own."""
    return framed(f"""
    with places as (
        select
            organization_id, is_active, time_zone,
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
        inner join places on places.organization_id = users.organization_id
    ),

    members as (
        select
            memberships.organization_id, memberships.user_id, memberships.role,
            not users.is_banned as is_active
        from places
        inner join app.clerk_memberships as memberships
            on memberships.organization_id = places.organization_id
        inner join app.clerk_users as users
            on users.organization_id = memberships.organization_id and users.user_id = memberships.user_id
    )

    select
        json_build_object(
            'users', (
                select json_build_object(
                    'total_users', count(distinct user_id),
                    'users_last_7_days', count(distinct user_id) filter (where is_new),
                    'users_with_login', count(distinct user_id) filter (where has_login)
                )
                from people
            ),
            'organizations', (
                select json_build_object(
                    'total_organizations', count(*),
                    'orgs_last_7_days', count(*) filter (where is_new),
                    'active_organizations', count(*) filter (where is_active)
                )
                from places
            ),
            'memberships', (
                select json_build_object(
                    'total_memberships', count(*),
                    'active_memberships', count(*) filter (where is_active),
                    'orgs_with_members', count(distinct organization_id),
                    'users_with_orgs', count(distinct user_id)
                )
                from members
            ),
            'role_distribution', (
                select coalesce(
                    json_agg(json_build_object('role', role, 'count', held) order by held desc, role),
                    '[]'::json
                )
                from (select role, count(*) as held from members group by role) as roles
            )
        )::text as body,
        '{{}}'::text[] as patient_ids
""")


OWN_SUMMARY = summary("organization_id = %(organization_id)s")
WHOLE_SUMMARY = summary("true")
