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

{% macro fence() -%}
    offset 0
{%- endmacro %}
