with patients as (
    -- Only what filters and orders: what a patient looks like is worked out for the page alone. The
    -- fence keeps the filters out of the view: each of them makes the planner expect a handful of
    -- rows and loop over them one by one.
    select
        patient_id,
        engagement_status,
        risk_level,
        risk_score,
        action_priority,
        lifetime_value
    from marts.patient_reengagement_master_view
    where organization_id = %(organization_id)s
    offset 0 -- noqa: AM09
),

ranked as (
    {ranked}
),

matching as materialized (
    select
        patient_id,
        action_priority,
        score_rank,
        value_rank,
        digits
    from ranked
    where
        case
            when %(engagement_status)s::text is null then risk_level is not null
            else engagement_status = %(engagement_status)s
        end
        and (%(risk_level)s::text = 'all' or risk_level = %(risk_level)s)
        and (
            %(action_priority)s::integer is null
            or action_priority = %(action_priority)s
        )
        and (
            %(search)s::text is null
            or patient_id in (
                select persons.patient_id
                from marts.patient_reengagement_master_view as persons
                where
                    persons.organization_id = %(organization_id)s
                    and (
                        persons.patient_id = %(search)s
                        or position(lower(%(search)s) in lower(persons.patient_name)) > 0
                        or position(lower(%(search)s) in lower(persons.email)) > 0
                        or (
                            %(digits)s::text <> ''
                            and position(%(digits)s in persons.phone) > 0
                        )
                    )
            )
        )
),

following as (
    select
        ordered.*,
        row_number() over () as place
    from (
        select *
        from matching
        where
            %(after)s::text[] is null
            or ({order}) > (
                (%(after)s::text[])[1]::integer,
                (%(after)s::text[])[2]::integer,
                (%(after)s::text[])[3]::numeric,
                length((%(after)s::text[])[4]),
                (%(after)s::text[])[4] collate "C"
            )
        order by {order}
        limit %(limit)s::integer + 1
    ) as ordered
),

page as materialized (
    select *
    from following
    where place <= %(limit)s::integer
)

select
    coalesce(
        (
            select json_agg({PrioritizedPatient} order by place)
            from (
                select
                    patients.*,
                    places.place
                from marts.patient_reengagement_master_view as patients
                inner join page as places
                    on places.patient_id = patients.patient_id
                where
                    patients.organization_id = %(organization_id)s
                    and patients.patient_id = any(array(select patient_id from page))
            ) as patients
        ),
        '[]'::json
    ) as patients,
    (select count(*) from page) as total_returned,
    (select count(*) from matching) as total_matching,
    %(filters)s::json as filters_applied,
    array(
        select patient_id from page
        order by place
    ) as patient_ids,
    (
        select array[action_priority::text, score_rank::text, value_rank::text, patient_id]
        from page
        where
            place = %(limit)s::integer
            and exists (
                select from following
                where place > %(limit)s::integer
            )
    ) as next_key
