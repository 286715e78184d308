with patients as materialized (
    select
        patient_id,
        engagement_status,
        risk_level,
        risk_score,
        action_priority,
        lifetime_value
    from marts.patient_reengagement_master_view
    where organization_id = %(organization_id)s
),

levels as (
    select
        scale.level,
        scale.place,
        count(patients.risk_level) as count,
        coalesce(round(avg(patients.risk_score), 1), 0.0) as avg_score
    from
        unnest(array['critical', 'high', 'medium', 'low', 'engaged'])
        with ordinality as scale (level, place)
    left join patients
        on patients.risk_level = scale.level
    group by scale.level, scale.place
),

ranked as (
    {ranked}
),

-- The first of the list.
top as materialized (
    select
        ordered.*,
        row_number() over () as place
    from (
        select patient_id
        from ranked
        where risk_level is not null
        order by {order}
        limit %(limit)s::integer
    ) as ordered
)

select
    (select sum(count) from levels) as total_patients,
    (
        select json_object_agg(level, {LevelSummary} order by place)
        from levels
    ) as risk_breakdown,
    (
        select count(*) from patients
        where action_priority = 1
    ) as immediate_actions_needed,
    (
        select count(*) from patients
        where engagement_status = 'stale'
    ) as stale_patients,
    coalesce(
        (
            select json_agg({TopPriorityPatient} order by place)
            from (
                select
                    patients.*,
                    places.place
                from marts.patient_reengagement_master_view as patients
                inner join top as places
                    on places.patient_id = patients.patient_id
                where
                    patients.organization_id = %(organization_id)s
                    and patients.patient_id = any(array(select patient_id from top))
            ) as patients
        ),
        '[]'::json
    ) as top_priority_patients,
    array(
        select patient_id from top
        order by place
    ) as patient_ids
