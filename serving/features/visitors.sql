-- The rows of {view}, the latest first: page by page, or the whole list.
with visitors as materialized (
    -- Only what orders, ascending throughout: the visits of each patient are collected for the page
    -- alone. Ids are digits: the longer one is the greater.
    select
        {patient_id} as patient_id,
        coalesce(-extract(epoch from last_appointment_date), 'Infinity'::numeric) as recency,
        length({patient_id}) as digits
    from {view}
    where organization_id = %(organization_id)s
),

following as (
    select
        ordered.*,
        row_number() over () as place
    from (
        select *
        from visitors
        where
            %(after)s::text[] is null
            or (recency, digits, patient_id collate "C") > (
                (%(after)s::text[])[1]::numeric,
                length((%(after)s::text[])[2]), (%(after)s::text[])[2] collate "C"
            )
        order by recency, digits, patient_id collate "C"
        limit %(limit)s::bigint + 1
    ) as ordered
),

page as materialized (
    select *
    from following
    where %(limit)s::bigint is null or place <= %(limit)s::bigint
),

-- Looked up and not joined: to the planner they are a handful, and a join would collect them for
-- each row.
visits as materialized (
    select jsonb_object_agg(patient_id, recent_appointments) as by_patient
    from marts.patient_recent_appointments
    where organization_id = %(organization_id)s and patient_id {on_page}
)

select
    coalesce(
        (
            select json_agg({visitor} order by place)
            from (
                select
                    listed.*,
                    places.place,
                    coalesce(
                        (select by_patient from visits) -> listed.{patient_id}, '[]'::jsonb
                    ) as recent_appointments
                from {view} as listed
                inner join page as places
                    on places.patient_id = listed.{patient_id}
                where
                    listed.organization_id = %(organization_id)s
                    and listed.{patient_id} {on_page}
            ) as listed
        ),
        '[]'::json
    ) as {list},
    (select count(*) from visitors) as total_count,
    array(
        select patient_id from page
        order by place
    ) as patient_ids,
    (
        select array[recency::text, patient_id]
        from page
        where
            place = %(limit)s::bigint
            and exists (
                select from following
                where place > %(limit)s::bigint
            )
    ) as next_key
