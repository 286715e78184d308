{% macro candidates_of(relation) -%}
    {{ return(relation.incorporate(path={'schema': 'candidates'})) }}
{%- endmacro %}
