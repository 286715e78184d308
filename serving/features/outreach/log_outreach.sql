-- A patient that was merged keeps what is logged for it; readers find it with the survivor, as the
-- marts do. A clock a little ahead is set right: what is dated later than a question does not show
-- in its answer. Another session may use the same key while this statement runs: it waits for that
-- session, then finds the key taken and logs nothing, and cannot see by whom. The statement is then
-- asked again.
with asked as materialized (
    select
        organization_id,
        is_active,
        app.as_of() as as_of
    from app.organizations
    where organization_id = %(organization_id)s
),

patient as (
    select patients.patient_id
    from asked
    inner join marts.dim_patients as patients
        on patients.organization_id = %(organization_id)s and patients.patient_id = %(patient_id)s
    inner join marts.dim_patients as survivors
        on
            survivors.organization_id = patients.organization_id
            and survivors.patient_id = patients.survivor_patient_id
    where
        not survivors.is_merged
        and not survivors.is_purged
        and survivors.created_at <= asked.as_of
        and (survivors.archived_at is null or survivors.archived_at > asked.as_of)
),

used as materialized (
    select
        keys.request_hash,
        outreach.id,
        outreach.logged_at
    from app.idempotency_keys as keys
    inner join app.outreach_log as outreach
        on outreach.organization_id = keys.organization_id and outreach.id = keys.outreach_id
    where
        keys.organization_id = %(organization_id)s
        and keys.subject = %(actor)s
        and keys.key = %(key)s::text
),

moments as (
    select
        moment.name,
        moment.at > asked.as_of + %(ahead)s::interval as is_ahead,
        moment.at < asked.as_of - %(behind)s::interval
        or moment.at < %(occurred_at)s::timestamptz - %(ahead)s::interval as is_behind
    from asked
    cross join lateral (
        values
        ('occurred_at', %(occurred_at)s::timestamptz),
        ('delivered_at', %(delivered_at)s::timestamptz),
        ('opened_at', %(opened_at)s::timestamptz)
    ) as moment (name, at)
),

allowed as materialized (
    select asked.*
    from asked
    cross join patient
    where
        asked.is_active
        and not exists (select from used)
        and not exists (
            select from moments
            where is_ahead or is_behind
        )
),

claimed as (
    insert into app.idempotency_keys (
        organization_id, subject, key, request_hash, outreach_id, created_at
    )
    select
        organization_id,
        %(actor)s,
        %(key)s::text,
        %(request_hash)s,
        %(outreach_id)s::uuid,
        as_of
    from allowed
    where %(key)s::text is not null
    on conflict do nothing
    returning outreach_id
),

logged as (
    insert into app.outreach_log (
        organization_id, id, patient_id, method, outcome, notes, logged_by,
        occurred_at, logged_at, delivered_at, opened_at
    )
    select
        organization_id,
        %(outreach_id)s::uuid,
        %(patient_id)s,
        %(method)s,
        %(outcome)s,
        %(notes)s,
        %(actor)s,
        -- of nothing and now, the least is now
        least(%(occurred_at)s::timestamptz, as_of),
        as_of,
        case when %(delivered_at)s::timestamptz is not null then least(%(delivered_at)s, as_of) end,
        case when %(opened_at)s::timestamptz is not null then least(%(opened_at)s, as_of) end
    from allowed
    where %(key)s::text is null or exists (select from claimed)
    returning id, logged_at
),

answered as (
    select
        id,
        logged_at,
        'logged' as outcome
    from logged
    union all
    select
        id,
        logged_at,
        'repeated'
    from used
    where request_hash = %(request_hash)s
),

audited as (
    insert into app.audit_log (
        organization_id, actor, session_id, role, action, route, patient_ids, query, outcome,
        request_id
    )
    select
        %(organization_id)s,
        %(actor)s,
        %(session_id)s,
        %(role)s,
        'log_outreach',
        %(route)s,
        array[%(patient_id)s::text],
        %(query)s,
        answered.outcome,
        %(request_id)s
    from answered, asked
    where asked.is_active
)

select
    asked.is_active,
    exists(select from patient) as is_patient,
    (select request_hash <> %(request_hash)s from used) as is_other_request,
    array(
        select name from moments
        where is_ahead
    ) as ahead,
    array(
        select name from moments
        where is_behind
    ) as behind,
    (select id from answered)::text as outreach_id,
    (
        select to_char(logged_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        from answered
    ) as logged_at
from asked
