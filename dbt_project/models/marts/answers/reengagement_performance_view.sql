{%- set longest = var('performance_timeframes') | max -%}
with days as materialized (
    {{ local_day() }}
),

timeframes as (
    select
        days.organization_id,
        lengths.days
    from days
    cross join (values ({{ var('performance_timeframes') | join('), (') }})) as lengths (days)
),

clock as materialized (
    select
        organization_id,
        time_zone,
        today,
        {{ day_start('today - ' ~ (longest - 1), 'time_zone') }} as outreach_from
    from days
),

dated as (
    select
        outreach.*,
        clock.today - (outreach.occurred_at at time zone clock.time_zone)::date as days_ago
    from clock
    inner join {{ ref('outreach_as_of') }} as outreach
        on
            outreach.organization_id = clock.organization_id
            and outreach.occurred_at >= clock.outreach_from
),

-- one row of each patient-day stands for it, a successful one if there is any
outreach as (
    select
        *,
        row_number() over (
            partition by organization_id, patient_id, days_ago
            order by outcome = 'success' desc
        ) = 1 as is_patient_day
    from dated
),

-- once, and not again for each attempt: to the planner a young log has one row;
-- ordered, so that it is asked clinic by clinic: only then the days before are left out early
conversions as materialized (
    select found.*
    from clock
    cross join
        lateral (
            select
                organization_id,
                outreach_id,
                days_to_reengage
            from {{ ref('outreach_conversions') }}
            where
                organization_id = clock.organization_id
                and outreach_on > clock.today - {{ longest }}
            order by outreach_id
        ) as found
),

counted as (
    select
        timeframes.organization_id,
        timeframes.days,
        count(*) filter (where is_patient_day) as outreach_attempts,
        count(*) filter (where is_patient_day and outcome = 'success') as successful_contacts,
        count(conversions.outreach_id) as appointments_scheduled,
        round(avg(conversions.days_to_reengage), 1) as avg_days_to_reengage,
        count(*) filter (where method = 'sms') as sms_sent,
        count(*) filter (where method = 'sms' and outcome <> 'failed') as sms_delivered,
        count(*) filter (where method = 'sms' and outcome = 'success') as sms_responded,
        count(*) filter (where method = 'email') as email_sent,
        count(*) filter (where method = 'email' and outcome <> 'failed') as email_not_failed,
        count(*) filter (
            where method = 'email' and (opened_at is not null or outcome = 'success')
        ) as email_seen_opened,
        count(opened_at) filter (where method = 'email') > 0 as email_opened_tracked,
        count(*) filter (where method = 'email' and outcome = 'success') as email_responded,
        count(*) filter (where method = 'phone') as phone_attempted,
        count(*) filter (where method = 'phone' and outcome = 'success') as phone_connected,
        count(conversions.outreach_id) filter (where method = 'phone') as phone_appointment_booked
    from timeframes
    left join outreach
        on
            outreach.organization_id = timeframes.organization_id
            and outreach.days_ago < timeframes.days
    left join conversions
        on
            conversions.organization_id = outreach.organization_id
            and conversions.outreach_id = outreach.outreach_id
    group by timeframes.organization_id, timeframes.days
),

compared as (
    select
        counted.*,
        case when email_opened_tracked then email_seen_opened else email_not_failed end
            as email_opened,
        contact.percent as industry_avg_contact_rate,
        conversion.percent as industry_avg_conversion,
        100.0 * successful_contacts / greatest(outreach_attempts, 1) >= contact.percent
            as is_contact_reached,
        100.0 * appointments_scheduled / greatest(successful_contacts, 1) >= conversion.percent
            as is_conversion_reached
    from counted
    inner join {{ ref('dim_benchmarks') }} as contact
        on
            contact.organization_id = counted.organization_id
            and contact.benchmark_name = 'contact_success_rate'
    inner join {{ ref('dim_benchmarks') }} as conversion
        on
            conversion.organization_id = counted.organization_id
            and conversion.benchmark_name = 'conversion_rate'
)

select
    organization_id,
    'last_' || days || '_days' as timeframe,
    outreach_attempts,
    successful_contacts,
    {{ rate('successful_contacts', 'outreach_attempts') }} as contact_success_rate,
    appointments_scheduled,
    {{ rate('appointments_scheduled', 'successful_contacts') }} as conversion_rate,
    avg_days_to_reengage,
    sms_sent,
    sms_delivered,
    sms_responded,
    {{ rate('sms_responded', 'sms_delivered') }} as sms_response_rate,
    email_sent,
    email_opened,
    email_opened_tracked,
    email_responded,
    {{ rate('email_responded', 'email_opened') }} as email_response_rate,
    phone_attempted,
    phone_connected,
    phone_appointment_booked,
    {{ rate('phone_appointment_booked', 'phone_connected') }} as phone_conversion_rate,
    industry_avg_contact_rate,
    industry_avg_conversion,
    case
        when outreach_attempts = 0 then 'insufficient_data'
        when is_contact_reached and is_conversion_reached then 'above_average'
        when is_contact_reached or is_conversion_reached then 'at_average'
        else 'below_average'
    end as our_performance
from compared
