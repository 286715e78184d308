{% macro trend_periods() -%}
    values {% for period, days in var('trend_periods').items() -%}
        ('{{ period }}', {{ days }}){{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro count_trend(now, former) -%}
    {#- In whole numbers, so that a change of exactly the limit is exact; from 0, any is an increase. -#}
    case
        when 100 * {{ now }} > {{ 100 + var('trend_count_percent') }} * {{ former }} then 'increasing'
        when 100 * {{ now }} < {{ 100 - var('trend_count_percent') }} * {{ former }} then 'decreasing'
        else 'stable'
    end
{%- endmacro %}

{% macro fence() -%}
    offset 0
{%- endmacro %}
