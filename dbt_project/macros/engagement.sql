{#- The rule of engagement and of risk levels in its two forms, side by side. For the instant asked about, of a row
    of `patient_activity`; and for trends, of a span of numbered days in which nothing about a patient changes. -#}
{% macro engagement_status() -%}
    case
        when
            booked_count > 0
            or (recent_days <= {{ var('active_within_days') }} and not is_discharged)
            then 'active'
        when
            recent_days > {{ var('stale_after_days') }}
            or is_discharged
            or (attended_count = 0 and not has_recent_attempt)
            then 'stale'
        else 'dormant'
    end
{%- endmacro %}

{% macro risk_end_day() -%}
    {#- The first day on which the patient is stale, or the span's end. -#}
    case
        when is_booked then end_day
        when is_discharged then first_day
        when has_attended then least(end_day, contact_day + {{ var('stale_after_days') + 1 }})
        else
            least(
                end_day,
                contact_day + {{ var('stale_after_days') + 1 }},
                greatest(
                    contact_day + {{ var('active_within_days') + 1 }},
                    attempt_day + {{ var('stale_attempt_days') }}
                )
            )
    end
{%- endmacro %}

{% macro risk_level() -%}
    case
        when engagement_status = 'stale' then null
        when recent_days < {{ var('low_from_days') }} then 'engaged'
        when is_booked or recent_days < {{ var('medium_from_days') }} then 'low'
        when recent_days < {{ var('high_from_days') }} then 'medium'
        when recent_days < {{ var('critical_from_days') }} then 'high'
        else 'critical'
    end
{%- endmacro %}

{% macro counts_beyond(condition) -%}
    {#- Whoever is booked gets no farther than low. -#}
    {%- for level in ['engaged', 'low', 'medium', 'high', 'critical'] -%}
        {%- set reached = '(contact_day + ' ~ var(level ~ '_from_days') ~ ')' -%}
        count(*) filter (
            where {{ condition | replace('reached', reached) }}
                {{- ' and not is_booked' if level not in ['engaged', 'low'] }}
        ) as beyond_{{ level }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro values_beyond() -%}
    values {% for level in ['engaged', 'low', 'medium', 'high', 'critical'] -%}
        ('{{ level }}', {{ var(level ~ '_from_days') }}, beyond_{{ level }})
        {{- ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
