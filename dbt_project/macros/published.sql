{% macro published(relation, columns, where='true') -%}
    {#- `this` is nothing in a unit test. -#}
    {%- if execute and relation and (relation.is_cte or load_relation(relation)) -%}
        select {{ columns | join(', ') }} from {{ relation }} where {{ where }}
    {%- else -%}
        select {% for column in columns %}null::text as {{ column }}{{ ', ' if not loop.last }}{% endfor %}
        where false
    {%- endif -%}
{%- endmacro %}
