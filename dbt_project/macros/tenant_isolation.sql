{% macro isolate_tenants(relation) %}
alter table {{ relation }} enable row level security;
alter table {{ relation }} force row level security;
drop policy if exists owner on {{ relation }};
create policy owner on {{ relation }} to routiq_owner using (true) with check (true);
drop policy if exists tenant on {{ relation }};
create policy tenant on {{ relation }} for select to routiq_api
    using (organization_id = nullif(current_setting('app.organization_id', true), ''));
grant select on {{ relation }} to routiq_api;
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
        and not (
            relrowsecurity
            and relforcerowsecurity
            and has_table_privilege('routiq_api', pg_class.oid, 'select')
            and exists (
                select from pg_policy
                where polrelid = pg_class.oid
                    and polcmd = '*'
                    and polpermissive
                    and polroles = array[to_regrole('routiq_owner')::oid]
                    and pg_get_expr(polqual, polrelid) = 'true'
                    and pg_get_expr(polwithcheck, polrelid) = 'true'
            )
            and exists (
                select from pg_policy
                where polrelid = pg_class.oid
                    and polcmd = 'r'
                    and polpermissive
                    and polroles = array[to_regrole('routiq_api')::oid]
                    and pg_get_expr(polqual, polrelid)
                    = $$(organization_id = NULLIF(current_setting('app.organization_id'::text, true), ''::text))$$
            )
        )
{% endmacro %}
