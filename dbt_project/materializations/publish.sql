{#- The last node of a build: everything readers see changes here, in one transaction, for the organizations
    whose checks pass. Rows that do not differ are not touched. -#}
{% materialization publish, adapter='postgres' %}
    {%- set served = served_nodes('served') -%}

    {% call statement('main') %}
        {{ require_own_stamps() }}
        {{ create_results() }}
        {{ record_held_back() }}
        create temporary table to_publish on commit drop as
        select organization_id from ({{ sql }}) as touched
        where not exists (
            select from checks.held_back where held_back.organization_id = touched.organization_id
        );
        analyze to_publish;
        {%- for node in served %}
        {{ publish_table(node) }}
        {%- endfor %}
        {{ find_changed_views() }}
        {{ mark_published() }}
    {% endcall %}
    {% do analyze_grown(served) %}
    {% do run_query(replace_views()) %}
    {% do adapter.commit() %}

    {{ return({'relations': []}) }}
{% endmaterialization %}

{% macro served_nodes(materialized) %}
    {%- set served = [] -%}
    {%- for node in graph.nodes.values() | sort(attribute='name') -%}
        {%- if node.resource_type == 'model' and node.config.materialized == materialized -%}
            {%- do served.append(node) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(served) }}
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
    {%- for node in graph.nodes.values() if node.resource_type == 'test' and 'gate' in node.tags %}
    insert into checks.held_back
    select organization_id, '{{ node.name }}', count(*)
    from {{ api.Relation.create(node.database, node.schema, node.alias) }}
    group by organization_id;
    {%- endfor %}
{% endmacro %}

{% macro publish_table(node) %}
    {%- set served = api.Relation.create(node.database, node.schema, node.alias, type='table') -%}
    {%- set candidates = candidates_of(served) -%}
    {%- set key = node.config.get('key') -%}
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

{% macro analyze_grown(served) %}
    {#- Statistics of tables that grew by a tenth, in the same transaction: the first reader gets the right plan. -#}
    {%- set grown = run_query(
        "select table_name from checks.rows_written"
        ~ " join pg_class on pg_class.oid = to_regclass('marts.' || table_name)"
        ~ " group by table_name, reltuples having sum(rows_written) > 0.1 * greatest(reltuples, 0)"
    ).columns[0].values() -%}
    {%- for node in served if node.name in grown %}
        {% do run_query('analyze ' ~ node.schema ~ '.' ~ node.alias) %}
    {%- endfor %}
{% endmacro %}
