{% macro state_window_days() -%}
    {#- The longest window, a day because its first is whole, and some for days of 25 hours. -#}
    {{- [
        var('missed_window_days'), var('attendance_window_days'), var('rebook_window_days'),
        var('missed_recently_days'), var('recent_window_days'),
    ] | map('int') | max + 5 -}}
{%- endmacro %}

{% macro visits_since(starts, since) -%}
    {#- How many of the ascending starts are not before an instant: a binary search, not a count. -#}
    case
        when {{ starts }} = '{}' then 0
        else cardinality({{ starts }})
            - width_bucket({{ since }} - interval '1 microsecond', {{ starts }})
    end::bigint
{%- endmacro %}

{% macro outreach_so_far(outcome, occurred_at) -%}
    count(*) as attempts,
        count(*) filter (where {{ outcome }} = 'success') as successes,
        max({{ occurred_at }}) filter (where {{ outcome }} = 'success') as last_success_at
{%- endmacro %}

{% macro last_contact(states, success_at) -%}
    {#- A patient's creation stands for the contact that there was none of yet; a success is one. -#}
    case
        when {{ states }}.has_contact then greatest({{ states }}.last_contact_at, {{ success_at }})
        else coalesce({{ success_at }}, {{ states }}.last_contact_at)
    end
{%- endmacro %}
