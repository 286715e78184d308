{% macro scored(level, numerator, denominator, extra) -%}
    {#- A position within the level's range by days, and what is added for missed visits and low attendance.
        Whole numbers throughout, so halves are exact and no numeric is made for each patient: a half is added,
        since nothing here is negative, and the division cuts off. -#}
    {%- set lower, upper = var(level ~ '_score') -%}
    {%- set share = (upper - lower) * var('score_days_share_percent') -%}
    {{ lower }} + least(
            {{ upper - lower }},
            ({{ 2 * share }} * {{ numerator }} + {{ 100 * denominator }})
            / {{ 200 * denominator }} + {{ extra }}
        )
{%- endmacro %}
