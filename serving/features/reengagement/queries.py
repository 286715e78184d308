"""The statements behind the re-engagement routes. What a level or a priority is, the marts say."""

from typing import LiteralString

from serving.data.framing import framed, instant, money

# The order of the list, ascending throughout. Ids are digits: the longer one is the greater.
POSITION: LiteralString = """
    action_priority, -coalesce(risk_score, -1), coalesce(-lifetime_value, 'Infinity'::numeric),
    length(patient_id), patient_id collate "C"
"""

# A row of the master view as the answers show it.
PATIENT: LiteralString = f"""
    json_build_object(
        'id', patient_id,
        'name', patient_name,
        'phone', phone,
        'email', email,
        'engagement_status', engagement_status,
        'risk_level', risk_level,
        'risk_score', risk_score,
        'risk_reasons', risk_reasons,
        'days_since_last_contact', days_since_last_contact,
        'last_contact_at', {instant("last_contact_at")},
        'last_appointment_date', {instant("last_appointment_date")},
        'next_scheduled_appointment', {instant("next_scheduled_appointment")},
        'upcoming_appointment_count', upcoming_appointment_count,
        'recommended_action', recommended_action,
        'action_priority', action_priority,
        'previous_response_rate', previous_response_rate,
        'total_lifetime_appointments', total_lifetime_appointments,
        'missed_appointments_last_90d', missed_appointments_last_90d,
        'attendance_rate_90d', attendance_rate_90d,
        'lifetime_value', {money("lifetime_value")}
    )
"""

RISK_METRICS: LiteralString = framed(f"""
    with patients as materialized (
        select
            patient_id, risk_level, action_priority, engagement_status,
            missed_appointments_14d, has_attended_last_30d, upcoming_appointment_count
        from marts.patient_reengagement_master_view
        where organization_id = %(organization_id)s
    )

    select
        json_build_object(
            'organization_id', asked.organization_id,
            'risk_summary', json_build_object(
                'critical', count(*) filter (where risk_level = 'critical'),
                'high', count(*) filter (where risk_level = 'high'),
                'medium', count(*) filter (where risk_level = 'medium'),
                'low', count(*) filter (where risk_level = 'low'),
                'engaged', count(*) filter (where risk_level = 'engaged')
            ),
            'alerts', json_build_object(
                'missed_appointments_14d',
                coalesce(sum(missed_appointments_14d) filter (where risk_level is not null), 0),
                'failed_communications', (
                    select coalesce(sum(failed_outreach.failed_recently), 0)
                    from marts.failed_outreach
                    inner join patients on patients.patient_id = failed_outreach.patient_id
                    where
                        failed_outreach.organization_id = %(organization_id)s
                        and patients.risk_level is not null
                ),
                'no_future_appointments', count(*) filter (
                    where risk_level is not null and has_attended_last_30d and upcoming_appointment_count = 0
                )
            ),
            'immediate_actions_required', count(*) filter (where action_priority = 1),
            'stale_patients', count(*) filter (where engagement_status = 'stale'),
            'last_updated', {instant("asked.data_as_of")}
        )::text as body,
        '{{}}'::text[] as patient_ids
    from patients
""")

PRIORITIZED: LiteralString = framed(f"""
    with patients as (
        -- Only what filters and orders: what a patient looks like is worked out for the page alone. The fence
        -- keeps the filters out of the view: each of them makes the planner expect a handful of rows and loop
        -- over them one by one.
        select patient_id, engagement_status, risk_level, risk_score, action_priority, lifetime_value
        from marts.patient_reengagement_master_view
        where organization_id = %(organization_id)s
        offset 0
    ),

    matching as materialized (
        select *
        from patients
        where
            case
                when %(engagement_status)s::text is null then risk_level is not null
                else engagement_status = %(engagement_status)s
            end
            and (%(risk_level)s::text = 'all' or risk_level = %(risk_level)s)
            and (%(action_priority)s::integer is null or action_priority = %(action_priority)s)
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
                            or (%(digits)s::text <> '' and position(%(digits)s in persons.phone) > 0)
                        )
                )
            )
    ),

    following as (
        select matching.*, row_number() over () as place
        from (
            select *
            from matching
            where
                %(after)s::text[] is null
                or ({POSITION}) > (
                    (%(after)s::text[])[1]::integer, (%(after)s::text[])[2]::integer,
                    (%(after)s::text[])[3]::numeric,
                    length((%(after)s::text[])[4]), (%(after)s::text[])[4] collate "C"
                )
            order by {POSITION}
            limit %(limit)s::integer + 1
        ) as matching
    ),

    page as materialized (
        select * from following where place <= %(limit)s::integer
    )

    select
        json_build_object(
            'patients', coalesce(
                (
                    select
                        json_agg(
                            {PATIENT}
                            order by place
                        )
                    from marts.patient_reengagement_master_view as patients
                    inner join (select patient_id, place from page) as places using (patient_id)
                    where
                        patients.organization_id = %(organization_id)s
                        and patients.patient_id = any(array(select patient_id from page))
                ),
                '[]'::json
            ),
            'summary', json_build_object(
                'total_returned', (select count(*) from page),
                'total_matching', (select count(*) from matching),
                'filters_applied', %(filters)s::json
            )
        )::text as body,
        array(select patient_id from page order by place) as patient_ids,
        (
            select
                array[
                    action_priority::text, (-coalesce(risk_score, -1))::text,
                    coalesce(-lifetime_value, 'Infinity'::numeric)::text, patient_id
                ]
            from page
            where
                place = %(limit)s::integer
                and exists (select from following where place > %(limit)s::integer)
        ) as next_key
""")

DASHBOARD: LiteralString = framed(f"""
    with patients as materialized (
        select patient_id, engagement_status, risk_level, risk_score, action_priority, lifetime_value
        from marts.patient_reengagement_master_view
        where organization_id = %(organization_id)s
    ),

    levels as (
        select
            scale.level,
            scale.place,
            count(patients.risk_level) as patients,
            coalesce(round(avg(patients.risk_score), 1), 0.0) as avg_score
        from unnest(array['critical', 'high', 'medium', 'low', 'engaged'])
            with ordinality as scale (level, place)
        left join patients on patients.risk_level = scale.level
        group by scale.level, scale.place
    ),

    top as materialized (
        select ordered.*, row_number() over () as place
        from (
            select * from patients where risk_level is not null order by {POSITION} limit %(limit)s::integer
        ) as ordered
    )

    select
        json_build_object(
            'organization_id', asked.organization_id,
            'summary', json_build_object(
                'total_patients', (select sum(patients) from levels),
                'risk_breakdown', (
                    select
                        json_object_agg(
                            level, json_build_object('count', patients, 'avg_score', avg_score) order by place
                        )
                    from levels
                ),
                'immediate_actions_needed', (select count(*) from patients where action_priority = 1),
                'stale_patients', (select count(*) from patients where engagement_status = 'stale')
            ),
            'top_priority_patients', coalesce(
                (
                    select
                        json_agg(
                            json_build_object(
                                'id', patient_id,
                                'name', patient_name,
                                'risk_level', risk_level,
                                'risk_score', risk_score,
                                'action', recommended_action,
                                'days_since_contact', days_since_last_contact
                            )
                            order by place
                        )
                    from marts.patient_reengagement_master_view as persons
                    inner join (select patient_id, place from top) as places using (patient_id)
                    where
                        persons.organization_id = %(organization_id)s
                        and persons.patient_id = any(array(select patient_id from top))
                ),
                '[]'::json
            ),
            'last_updated', {instant("asked.data_as_of")}
        )::text as body,
        array(select patient_id from top order by place) as patient_ids
""")
