{% macro day_start(day, time_zone) -%}
    {#- The first instant of a local day. Where clocks go back over midnight, that is the first of the two. -#}
    case
        when (({{ day }})::timestamp at time zone {{ time_zone }} - interval '1 hour')
            at time zone {{ time_zone }} >= {{ day }}
            then ({{ day }})::timestamp at time zone {{ time_zone }} - interval '1 hour'
        else ({{ day }})::timestamp at time zone {{ time_zone }}
    end
{%- endmacro %}

{% macro days_counted() -%}
    {{- [var('stale_after_days'), var('critical_full_days')] | map('int') | max + 4 -}}
{%- endmacro %}

{% macro time_zone_at(organization_id, instant) -%}
    coalesce((
        select businesses.time_zone
        from {{ ref('dim_businesses') }} as businesses
        where
            businesses.organization_id = {{ organization_id }}
            and businesses.time_zone is not null
            and not businesses.is_purged
            and {{ exists_at('businesses.created_at', 'businesses.removed_at', instant) }}
        group by businesses.time_zone
        order by
            count(*) desc,
            min(businesses.created_at),
            min(businesses.business_id)
        limit 1
    ), 'UTC')
{%- endmacro %}

{% macro local_day() %}
select
    zones.organization_id,
    zones.time_zone,
    zones.as_of,
    (zones.as_of at time zone zones.time_zone)::date as today
from (
    select
        organizations.organization_id,
        {{ as_of() }} as as_of,
        {{ time_zone_at('organizations.organization_id', as_of()) }} as time_zone
    from {{ ref('dim_organizations') }} as organizations
) as zones
{% endmacro %}

{% macro last_day() -%}
    {{- return(var('trend_days') | int + var('attribution_days') | int) -}}
{%- endmacro %}
