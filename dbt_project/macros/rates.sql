{% macro percent(part, whole) -%}
    round(100.0 * {{ part }} / nullif({{ whole }}, 0), 1)
{%- endmacro %}

{% macro rate(part, whole) -%}
    coalesce({{ percent(part, whole) }}, 0.0)
{%- endmacro %}
