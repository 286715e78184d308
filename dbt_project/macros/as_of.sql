{% macro as_of() -%}
    app.as_of()
{%- endmacro %}

{% macro exists_at(created_at, removed_at, as_of) -%}
    ({{ created_at }} <= {{ as_of }} and ({{ removed_at }} is null or {{ removed_at }} > {{ as_of }}))
{%- endmacro %}
