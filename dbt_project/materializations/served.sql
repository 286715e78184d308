{#- A table that readers see. It is made once, empty, from the contract: key, indexes and the isolation of tenants
    in the same transaction. Each build only computes the candidate rows into schema `candidates`; `publish`
    moves them over, for all served tables in one transaction. -#}
{% materialization served, adapter='postgres' %}
    {%- set served = this.incorporate(type='table') -%}
    {%- set candidates = candidates_of(served) -%}
    {%- set existing = load_cached_relation(this) -%}

    {% call statement('main') %}
        {% do get_assert_columns_equivalent(sql) %}
        drop table if exists {{ candidates }};
        create unlogged table {{ candidates }} as ({{ sql }});
        {{ stamp(candidates) }};
        analyze {{ candidates }};
        {%- if not existing %}
        {{ create_served(served) }}
        {%- endif %}
        {{ create_served_indexes(served) }}
    {% endcall %}
    {% if existing %}{% do check_served_columns(served) %}{% endif %}
    {% do persist_docs(served, model) if not existing %}
    {% do adapter.commit() %}

    {{ return({'relations': [served]}) }}
{% endmaterialization %}

{% macro create_served(relation) %}
    create table {{ relation }} {{ get_table_columns_and_constraints() }};
    {{ isolate_tenants(relation) }}
{% endmacro %}

{% macro create_served_indexes(relation) %}
    {#- Also those that a later release adds. -#}
    {%- for index in config.get('served_indexes', []) %}
    create index if not exists {{ relation.identifier }}_{{ local_md5(index)[:8] }} on {{ relation }} {{ index }};
    {%- endfor %}
{% endmacro %}

{% macro check_served_columns(relation) %}
    {%- set known = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
    {%- set wanted = model['columns'].keys() | list -%}
    {%- if known | sort != wanted | sort -%}
        {% do exceptions.raise_compiler_error(
            relation ~ ' has other columns than its contract: ' ~ known | join(', ')
            ~ '; add or drop them by a migration, then run `routiq build --full`'
        ) %}
    {%- endif -%}
{% endmacro %}
