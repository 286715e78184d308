with channels as (
    select
        *,
        case kind
            when 'text'
                then json_build_object(
                    'sent', attempts,
                    'delivered', delivered,
                    'responded', responded,
                    'response_rate', {{ rate('responded', 'delivered') }}
                )
            when 'mail'
                then json_build_object(
                    'sent', attempts,
                    'opened', opened,
                    'opened_tracked', is_opening_tracked,
                    'responded', responded,
                    'response_rate', {{ rate('responded', 'opened') }}
                )
            when 'call'
                then json_build_object(
                    'attempted', attempts,
                    'connected', responded,
                    'appointment_booked', booked,
                    'conversion_rate', {{ rate('booked', 'responded') }}
                )
        end as counts
    from {{ ref('channel_performance') }}
),

totals as (
    select
        organization_id,
        timeframe,
        sum(patient_days)::bigint as outreach_attempts,
        sum(successful_patient_days)::bigint as successful_contacts,
        sum(booked)::bigint as appointments_scheduled,
        round(sum(days_to_reengage) / nullif(sum(booked), 0), 1) as avg_days_to_reengage,
        -- spelt as json_build_object spells, which json_object_agg does not
        (
            '{' || string_agg(
                to_json(method)::text || ' : ' || counts::text, ', '
                order by place
            ) || '}'
        )::json as communication_channels
    from channels
    group by organization_id, timeframe
),

compared as (
    select
        totals.*,
        contact.percent as industry_avg_contact_rate,
        conversion.percent as industry_avg_conversion,
        100.0 * successful_contacts / greatest(outreach_attempts, 1) >= contact.percent
            as is_contact_reached,
        100.0 * appointments_scheduled / greatest(successful_contacts, 1) >= conversion.percent
            as is_conversion_reached
    from totals
    inner join {{ ref('dim_benchmarks') }} as contact
        on
            contact.organization_id = totals.organization_id
            and contact.benchmark_name = 'contact_success_rate'
    inner join {{ ref('dim_benchmarks') }} as conversion
        on
            conversion.organization_id = totals.organization_id
            and conversion.benchmark_name = 'conversion_rate'
)

select
    organization_id,
    timeframe,
    outreach_attempts,
    successful_contacts,
    {{ rate('successful_contacts', 'outreach_attempts') }} as contact_success_rate,
    appointments_scheduled,
    {{ rate('appointments_scheduled', 'successful_contacts') }} as conversion_rate,
    avg_days_to_reengage,
    communication_channels,
    industry_avg_contact_rate,
    industry_avg_conversion,
    case
        when outreach_attempts = 0 then 'insufficient_data'
        when is_contact_reached and is_conversion_reached then 'above_average'
        when is_contact_reached or is_conversion_reached then 'at_average'
        else 'below_average'
    end as our_performance
from compared
