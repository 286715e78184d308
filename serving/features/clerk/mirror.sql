-- One statement, so one transaction: all of what was read, or nothing. Everything hangs on `ended`:
-- a sync that was declared abandoned meanwhile changes nothing. Whoever is no longer a member goes,
-- with membership.
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
                and not %(users)s::jsonb
                @> jsonb_build_array(jsonb_build_object('user_id', present.user_id))
        )
    where organization_id = %(organization_id)s and id = %(sync_id)s::uuid and status = 'running'
    returning organization_id
),

organization as (
    insert into app.clerk_organizations (organization_id, name, slug, created_at, updated_at)
    select
        ended.organization_id,
        read.name,
        read.slug,
        to_timestamp(read.created_at / 1000.0),
        to_timestamp(read.updated_at / 1000.0)
    from ended,
        jsonb_to_record(%(organization)s::jsonb)
            as read (name text, slug text, created_at numeric, updated_at numeric)
    on conflict (organization_id) do update
        set
            name = excluded.name,
            slug = excluded.slug,
            created_at = excluded.created_at,
            updated_at = excluded.updated_at
),

users as (
    insert into app.clerk_users (
        organization_id, user_id, first_name, last_name, email, is_banned,
        created_at, updated_at, last_sign_in_at
    )
    select
        ended.organization_id,
        read.user_id,
        read.first_name,
        read.last_name,
        read.email,
        read.is_banned,
        to_timestamp(read.created_at / 1000.0),
        to_timestamp(read.updated_at / 1000.0),
        to_timestamp(read.last_sign_in_at / 1000.0)
    from ended,
        jsonb_to_recordset(%(users)s::jsonb) as read (
            user_id text, first_name text, last_name text, email text, is_banned boolean,
            created_at numeric, updated_at numeric, last_sign_in_at numeric
        )
    on conflict (organization_id, user_id) do update
        set
            first_name = excluded.first_name,
            last_name = excluded.last_name,
            email = excluded.email,
            is_banned = excluded.is_banned,
            created_at = excluded.created_at,
            updated_at = excluded.updated_at,
            last_sign_in_at = excluded.last_sign_in_at
),

memberships as (
    insert into app.clerk_memberships (
        organization_id, user_id, membership_id, role, created_at, updated_at
    )
    select
        ended.organization_id,
        read.user_id,
        read.membership_id,
        read.role,
        to_timestamp(read.created_at / 1000.0),
        to_timestamp(read.updated_at / 1000.0)
    from ended,
        jsonb_to_recordset(%(memberships)s::jsonb) as read (
            user_id text, membership_id text, role text, created_at numeric, updated_at numeric
        )
    on conflict (organization_id, user_id) do update
        set
            membership_id = excluded.membership_id,
            role = excluded.role,
            created_at = excluded.created_at,
            updated_at = excluded.updated_at
)

delete from app.clerk_users as present
using ended
where
    present.organization_id = ended.organization_id
    and not exists (
        select from jsonb_to_recordset(%(users)s::jsonb) as read (user_id text)
        where read.user_id = present.user_id
    )
