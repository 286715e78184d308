{#- A view that readers see. Its node only tries it, in schema `candidates`, and puts down how to make it;
    `publish` replaces what changed in the transaction that moves the data, so that no reader meets the new
    view over the old rows. It runs with the rights of whoever asks (security_invoker), unless it is for a
    reader who may see no row of what it reads: then with its owner's. -#}
{% materialization served_view, adapter='postgres' %}
    {%- set served = this.incorporate(type='view') -%}
    {%- set trial = candidates_of(served) -%}
    {%- set reader = config.get('reader', 'routiq_api') -%}
    {%- set make = make_view(served, sql, reader, config.get('barrier', false)) -%}
    {%- set mark = 'sql ' ~ local_md5(make) -%}
    {%- set tried = run_query(
        "select obj_description(to_regclass('" ~ trial ~ "'), 'pg_class')"
    ).columns[0].values()[0] -%}

    {% call statement('main') %}
        {% if tried != mark %}
        {%- set trial_sql = over_candidates(sql) -%}
        {% do get_assert_columns_equivalent(trial_sql) %}
        drop view if exists {{ trial }} cascade;
        create view {{ trial }} as ({{ trial_sql }});
        comment on view {{ trial }} is '{{ mark }}';
        {% endif %}
        delete from checks.views where view_name = '{{ served.render() }}';
        insert into checks.views (view_name, mark, make)
        values ('{{ served.render() }}', '{{ mark }}', $make${{ make }}$make$);
    {% endcall %}
    {% do adapter.commit() %}

    {{ return({'relations': []}) }}
{% endmaterialization %}

{% macro make_view(relation, sql, reader, barrier) %}
    create or replace view {{ relation }}
    with (security_invoker = {{ reader == 'routiq_api' }}, security_barrier = {{ barrier }}) as ({{ sql }});
    grant select on {{ relation }} to {{ reader }}
{% endmacro %}

{% macro over_candidates(sql) %}
    {#- The same SQL over the other views as they will be; tables are those that readers see. -#}
    {%- set redirected = namespace(sql=sql) -%}
    {%- for node in served_nodes('served_view') -%}
        {%- set view = api.Relation.create(node.database, node.schema, node.alias, type='view') -%}
        {%- set redirected.sql = redirected.sql | replace(view.render(), candidates_of(view).render()) -%}
    {%- endfor -%}
    {{ return(redirected.sql) }}
{% endmacro %}
