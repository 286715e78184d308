{#- What isolates a table, and what is amiss with one, is said by two functions of the database: the API and the
    doctor ask them too. -#}
{% macro isolate_tenants(relation) %}
select app.isolate_tenants('{{ relation }}');
{% endmacro %}

{% macro mend_tenant_isolation() %}
    {#- Before anything is read: without the owner's policy a build would read nothing and pass its checks. What
        is whole is left alone, since altering a table locks its readers out. -#}
    {% if execute and flags.WHICH in ('build', 'run') %}
        {%- for name in run_query(badly_isolated()).columns[0].values() %}
            {%- do exceptions.warn('marts.' ~ name ~ ' did not isolate tenants and is mended') -%}
            {{ isolate_tenants(api.Relation.create(target.database, 'marts', name)) }}
        {%- endfor %}
    {% endif %}
{% endmacro %}

{% macro badly_isolated() %}
    select relname
    from pg_class
    where relnamespace = to_regnamespace('marts')
        and relkind = 'r'
        and relname in (
            {%- for node in served_nodes('served') %}'{{ node.alias }}'{{ ', ' if not loop.last }}{% endfor -%}
        )
        and (
            not has_table_privilege('routiq_api', pg_class.oid, 'select')
            or oid in (select relation from app.tenant_isolation_holes())
        )
{% endmacro %}
