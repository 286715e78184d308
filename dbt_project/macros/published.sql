{% macro published(table, columns, where='true') -%}
    {#- What readers see now. Not a ref: the table is downstream, and before the first build there is none. -#}
    {%- set relation = adapter.get_relation(target.database, 'marts', table) if execute -%}
    {%- if relation -%}
        select {{ columns | join(', ') }} from {{ relation }} where {{ where }}
    {%- else -%}
        select {% for column in columns %}null::text as {{ column }}{{ ', ' if not loop.last }}{% endfor %}
        where false
    {%- endif -%}
{%- endmacro %}
