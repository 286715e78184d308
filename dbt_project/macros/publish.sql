{#- Write-audit-publish. Models write candidates, gates audit them, and this ends a build: everything readers
    see changes here, in one transaction, for the organizations whose gates pass. Rows that do not differ are
    not touched. It is no node, so there is no list of what it waits for: dbt runs it after all nodes, and it
    does nothing unless all that is served, and every gate, was part of the build and none of it failed. -#}
{% macro publish(results) %}
    {% if execute and flags.WHICH == 'build' and is_whole_and_sound(results) %}
    begin;
    {{ require_own_stamps() }}
    {{ create_results() }}
    {{ record_held_back() }}
    create temporary table to_publish on commit drop as
    select organization_id from intermediate.int_organizations_touched as touched
    where not exists (
        select from checks.held_back where held_back.organization_id = touched.organization_id
    );
    analyze to_publish;
    {%- for node in served_nodes('served') %}
    {{ publish_table(node) }}
    {%- endfor %}
    {{ find_changed_views() }}
    {{ mark_published() }}
    {{ analyze_grown() }}
    {{ replace_views() }};
    commit;
    {% endif %}
{% endmacro %}

{% macro is_whole_and_sound(results) %}
    {%- set left_out = (served_nodes('served') + served_nodes('served_view') + gates())
        | rejectattr('unique_id', 'in', selected_resources) | list -%}
    {%- set failed = results | selectattr('status', 'in', ['error', 'fail', 'skipped', 'partial success']) | list -%}
    {{ return(not left_out and not failed) }}
{% endmacro %}

{% macro gates() %}
    {%- set gates = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'test' and 'gate' in node.tags -%}
        {%- do gates.append(node) -%}
    {%- endfor -%}
    {{ return(gates) }}
{% endmacro %}

{% macro served_nodes(materialized) %}
    {%- set served = [] -%}
    {%- for node in graph.nodes.values() | sort(attribute='name') -%}
        {%- if node.resource_type == 'model' and node.config.materialized == materialized -%}
            {%- do served.append(node) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(served) }}
{% endmacro %}

{% macro key_of(node) %}
    {{ return((node.constraints | selectattr('type', 'equalto', 'primary_key') | first).columns) }}
{% endmacro %}

{% macro create_results() %}
    create table if not exists checks.held_back (
        organization_id text not null, check_name text not null, failed_rows bigint not null
    );
    create table if not exists checks.rows_written (
        organization_id text not null, table_name text not null, rows_written bigint not null
    );
    create table if not exists checks.published (
        organization_id text not null, data_version bigint not null
    );
    delete from checks.held_back;
    delete from checks.rows_written;
    delete from checks.published;
{% endmacro %}

{% macro record_held_back() %}
    {#- A check that left no table did not run: then nothing is published, because this statement fails. -#}
    {%- for node in gates() %}
    insert into checks.held_back
    select organization_id, '{{ node.name }}', count(*)
    from {{ api.Relation.create(node.database, node.schema, node.alias) }}
    group by organization_id;
    {%- endfor %}
{% endmacro %}

{% macro publish_table(node) %}
    {%- set served = api.Relation.create(node.database, node.schema, node.alias, type='table') -%}
    {%- set candidates = candidates_of(served) -%}
    {%- set key = key_of(node) -%}
    {%- set patient = node.config.get('patient_column') -%}
    {%- set columns = node.columns.keys() | list -%}
    {#- What is ours and not the clinic's comes also to whoever is held back: views count upon it. -#}
    {%- set organizations = 'intermediate.int_organizations_touched' if node.config.get('not_held_back')
        else 'to_publish' %}
    with changed as (
        {{ upsert_changed(
            served, candidates, key, columns,
            'source.organization_id in (select organization_id from ' ~ organizations ~ ')',
            node.config.get('laid_down_by')
        ) }}
        returning target.organization_id
    ),
    gone as (
        delete from {{ served }} as target
        where target.organization_id in (select organization_id from {{ organizations }})
            {%- if patient and not flags.FULL_REFRESH %}
            and (target.organization_id, target.{{ patient }}) in (
                select organization_id, patient_id from intermediate.int_patients_affected
            )
            {%- endif %}
            and not exists (
                select from {{ candidates }} as source
                where {% for column in key -%}
                    source.{{ column }} = target.{{ column }}{{ ' and ' if not loop.last }}
                {%- endfor %}
            )
        returning target.organization_id
    )
    insert into checks.rows_written
    select organization_id, '{{ node.name }}', count(*)
    from (table changed union all table gone) as written
    group by organization_id;
{% endmacro %}

{% macro mark_published() %}
    update app.organizations set time_zone = known.time_zone
    from marts.dim_organizations as known
    where
        known.organization_id = organizations.organization_id
        and known.time_zone <> organizations.time_zone
        and organizations.organization_id in (select organization_id from to_publish);

    update app.loads set published_at = now()
    where
        frozen_at is not null
        and published_at is null
        and organization_id in (select organization_id from to_publish);

    with published as (
        insert into app.publications as known (organization_id, data_version, data_as_of, published_at)
        select
            loads.organization_id,
            1,
            max(coalesce(sync_runs.finished_at, loads.accepted_at)),
            now()
        from intermediate.int_loads_touched as touched
        join app.loads
            on loads.organization_id = touched.organization_id and loads.load_id = touched.load_id
        left join app.sync_runs
            on sync_runs.organization_id = loads.organization_id and sync_runs.id = loads.sync_run_id
        where loads.organization_id in (select organization_id from to_publish)
        group by loads.organization_id
        on conflict (organization_id) do update set
            data_version = known.data_version + 1,
            data_as_of = greatest(known.data_as_of, excluded.data_as_of),
            published_at = excluded.published_at
        returning organization_id, data_version
    )
    insert into checks.published select organization_id, data_version from published;

    -- a changed view changes the answers to everybody
    with answered_otherwise as (
        update app.publications set data_version = data_version + 1
        where
            exists (select from changed_views)
            and organization_id not in (select organization_id from to_publish)
        returning organization_id, data_version
    )
    select pg_notify('routiq_data', organization_id || ' ' || data_version)
    from (table checks.published union all table answered_otherwise) as moved;
{% endmacro %}

{% macro analyze_grown() %}
    {#- Statistics of tables that grew by a tenth, in the same transaction: the first reader gets the right plan. -#}
    do $$
    declare
        grown text;
    begin
        for grown in
            select table_name from checks.rows_written
            join pg_class on pg_class.oid = to_regclass('marts.' || table_name)
            group by table_name, reltuples
            having sum(rows_written) > 0.1 * greatest(reltuples, 0)
        loop
            execute format('analyze marts.%I', grown);
        end loop;
    end $$;
{% endmacro %}
