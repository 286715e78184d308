select
    engagement.organization_id,
    engagement.patient_id,
    patient_name,
    phone,
    email,
    engagement_status,
    risk_level,
    case risk_level
        when 'engaged' then {{ scored(
            'engaged', 'recent_days', var('low_from_days'), 'score_extra'
        ) }}
        when 'low' then {{ scored(
            'low',
            'case when is_booked then 0 else recent_days - ' ~ var('low_from_days') ~ ' end',
            var('medium_from_days') - var('low_from_days'),
            'score_extra',
        ) }}
        when 'medium' then {{ scored(
            'medium',
            '(recent_days - ' ~ var('medium_from_days') ~ ')',
            var('high_from_days') - var('medium_from_days'),
            'score_extra',
        ) }}
        when 'high' then {{ scored(
            'high',
            '(recent_days - ' ~ var('high_from_days') ~ ')',
            var('critical_from_days') - var('high_from_days'),
            'score_extra',
        ) }}
        when 'critical' then {{ scored(
            'critical',
            '(least(recent_days, ' ~ var('critical_full_days') ~ ') - '
            ~ var('critical_from_days') ~ ')',
            var('critical_full_days') - var('critical_from_days'),
            'score_extra',
        ) }}
    end::integer as risk_score,
    days_since_last_contact,
    last_contact_at,
    last_attended_at as last_appointment_date,
    next_booked_at as next_scheduled_appointment,
    case
        when attended_count = 0 and not is_booked then 'NEW: Schedule initial consultation'
        when risk_level is null then 'STALE: Confirm whether care has ended'
        when risk_level = 'critical' then 'DORMANT: Re-engagement campaign needed'
        when risk_level = 'high' then 'HIGH: Call within 24 hours'
        when action_priority = 2 then 'REBOOK: Rebook the missed or cancelled appointment'
        when risk_level = 'medium' then 'MEDIUM: Send wellness check message'
        when
            is_booked and missed_90d_count >= {{ var('repeatedly_missed') }}
            then 'CONFIRM: Confirm the upcoming appointment'
        when risk_level = 'low' and not is_booked then 'LOW: Offer the next appointment'
        else 'ENGAGED: Continue current care plan'
    end as recommended_action,
    action_priority,
    array_remove(array[
        case
            when not is_booked and recent_days >= {{ var('low_from_days') }}
                then 'days_since_contact'
        end,
        case when is_booked then 'booked' else 'nothing_booked' end,
        case when missed_14d_count > 0 then 'missed_recently' end,
        case
            when missed_90d_count >= {{ var('repeatedly_missed') }} then 'missed_repeatedly'
        end,
        case when has_cancelled_not_rebooked then 'cancelled_not_rebooked' end,
        case when has_low_attendance then 'low_attendance' end,
        case when attended_count = 0 then 'never_attended' end,
        case when is_discharged then 'discharged' end
    ], null) as risk_reasons,
    response_rate as previous_response_rate,
    attended_count as total_lifetime_appointments,
    missed_90d_count as missed_appointments_last_90d,
    missed_14d_count as missed_appointments_14d,
    case
        when attendance_visits > 0 then {{ percent('attended_90d_count', 'attendance_visits') }}
    end as attendance_rate_90d,
    case when organizations.can_read_invoices then lifetime_value end as lifetime_value,
    booked_count as upcoming_appointment_count,
    has_attended_recently as has_attended_last_30d,
    created_at,
    updated_at,
    -- looked up patient by patient: lists do without, and one patient needs one look
    (
        select count(*)
        from {{ ref('fct_treatment_notes') }} as notes
        where
            notes.organization_id = engagement.organization_id
            and notes.patient_id = engagement.patient_id
            and not notes.is_draft
            and {{ exists_at('notes.noted_at', 'notes.removed_at', as_of()) }}
    ) as treatment_note_count,
    (
        select max(notes.noted_at)
        from {{ ref('fct_treatment_notes') }} as notes
        where
            notes.organization_id = engagement.organization_id
            and notes.patient_id = engagement.patient_id
            and not notes.is_draft
            and {{ exists_at('notes.noted_at', 'notes.removed_at', as_of()) }}
    ) as last_treatment_note_at
from {{ ref('patient_engagement') }} as engagement
left join {{ ref('dim_organizations') }} as organizations
    on organizations.organization_id = engagement.organization_id
-- no `with`: it would be planned apart from its question, and count notes before a limit
cross join
    lateral (
        select
            {{ var('score_per_missed') }}
            * least(missed_90d_count, {{ var('score_missed_at_most') }})
            + case when has_low_attendance then {{ var('score_low_attendance') }} else 0 end
                as score_extra,
            case
                when risk_level is null then 4
                when
                    risk_level = 'critical' or (risk_level = 'high' and missed_90d_count > 0)
                    then 1
                when risk_level = 'high' or is_to_rebook then 2
                when
                    risk_level = 'medium'
                    or (risk_level = 'low' and not is_booked)
                    or (is_booked and missed_90d_count >= {{ var('repeatedly_missed') }})
                    then 3
                else 4
            end as action_priority
    ) as ranks
