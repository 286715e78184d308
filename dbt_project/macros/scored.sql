{% macro scored(level, numerator, denominator, extra) -%}
    {#- A position within the level's range by days, and what is added for missed visits and low attendance.
        Multiplied before divided, so that halves are exact. -#}
    {%- set lower, upper = var(level ~ '_score') -%}
    {{ lower }} + least(
            {{ upper - lower }},
            round(
                {{ (upper - lower) * var('score_days_share_percent') }} * {{ numerator }}
                / (100.0 * {{ denominator }})
            ) + {{ extra }}
        )
{%- endmacro %}
