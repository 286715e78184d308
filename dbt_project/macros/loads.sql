{% macro prepare_schemas() %}
    {#- Once, before models run side by side: two of them would race to make the same schema. -#}
    {% if execute and flags.WHICH in ('build', 'run') %}
        create schema if not exists candidates;
        create schema if not exists checks;
        create table if not exists checks.views (
            view_name text primary key,
            mark text not null,
            make text not null,
            recorded_at timestamptz not null default clock_timestamp()
        );
        create schema if not exists operations;
        do $$
        begin
            if not has_schema_privilege('routiq_api', 'marts', 'usage') then
                grant usage on schema marts to routiq_api;
            end if;
            if not has_schema_privilege('routiq_operator', 'operations', 'usage') then
                grant usage on schema operations to routiq_operator;
            end if;
        end $$
    {% endif %}
{% endmacro %}

{% macro freeze_loads() %}
    {% if execute and flags.WHICH in ('build', 'run') %}
        update app.loads set frozen_at = now() where frozen_at is null and published_at is null
    {% endif %}
{% endmacro %}

{% macro unpublished_loads() -%}
    select
        loads.organization_id,
        loads.load_id
    from {{ source('app', 'loads') }} as loads
    where
        loads.frozen_at is not null
        {%- if not flags.FULL_REFRESH %}
        and loads.published_at is null
        {%- endif %}
{%- endmacro %}

{% macro analyze_where_much_is_new(staging) -%}
    {#- Statistics that do not know an organization, or its first rows of a feed, take them for one or two, and a
        plan made so compares each of its patients with each. The server makes new ones by itself, but a minute
        later. Below a thousand rows that is milliseconds; above, it is more than the analyze. -#}
    do $$
    begin
        if exists (
            select
            from {{ staging }} as records
            inner join ({{ unpublished_loads() }}) as loads
                on
                    loads.organization_id = records.organization_id
                    and loads.load_id = records.load_id
            offset 1000
        ) then
            analyze {{ staging }};
        end if;
    end $$
{%- endmacro %}
