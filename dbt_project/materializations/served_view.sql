{#- A view that readers see: replaced in place, and only when its SQL changed, because dropping and renaming
    would leave readers without it for a moment. It runs with the rights of whoever asks (security_invoker). -#}
{% materialization served_view, adapter='postgres' %}
    {%- set served = this.incorporate(type='view') -%}
    {%- set barrier = config.get('barrier', false) -%}
    {%- set mark = 'sql ' ~ local_md5(sql ~ barrier) -%}
    {%- set known = run_query(
        "select obj_description(to_regclass('" ~ served ~ "'))"
    ).columns[0].values()[0] -%}

    {% call statement('main') %}
        {% if known == mark %}
        select 'unchanged'
        {% else %}
        {% do get_assert_columns_equivalent(sql) %}
        {{ drop_if_columns_moved(served, sql) }}
        create or replace view {{ served }}
        with (security_invoker = true, security_barrier = {{ barrier }}) as ({{ sql }});
        comment on view {{ served }} is '{{ mark }}';
        {{ let_api_read(served) }}
        {% endif %}
    {% endcall %}
    {% do adapter.commit() %}

    {{ return({'relations': [served]}) }}
{% endmaterialization %}

{% macro drop_if_columns_moved(relation, sql) %}
    {#- `create or replace` can only add columns at the end; views built on this one are made again after it. -#}
    {%- if load_cached_relation(relation) -%}
        {%- set known = adapter.get_columns_in_relation(relation) -%}
        {%- set wanted = get_column_schema_from_query(sql) -%}
        {%- set kept = [] -%}
        {%- for column in known -%}
            {%- if loop.index0 < wanted | length and wanted[loop.index0].name == column.name -%}
                {%- do kept.append(column.name) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if kept | length < known | length %}drop view {{ relation }} cascade;{% endif -%}
    {%- endif -%}
{% endmacro %}
