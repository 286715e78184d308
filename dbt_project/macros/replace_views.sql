{% macro find_changed_views() %}
    {#- What the views' nodes left to be made anew, and views of ours that are no model any more. -#}
    create temporary table served_views on commit drop as
    select * from checks.views
    where view_name in (
        {%- for node in served_nodes('served_view') %}
        '{{ api.Relation.create(node.database, node.schema, node.alias).render() }}'
        {{- ', ' if not loop.last }}
        {%- endfor %}
    );
    create temporary view present_views as
    select pg_class.oid, pg_class.oid::regclass::text as view_name
    from pg_class
    where relkind = 'v' and obj_description(pg_class.oid, 'pg_class') like 'sql %'
        and relnamespace in (select oid from pg_namespace where nspname in ('marts', 'operations'));
    create temporary table changed_views on commit drop as
    select view_name from served_views
    where mark is distinct from obj_description(to_regclass(view_name), 'pg_class')
    union all
    select view_name from present_views
    where oid not in (
        select to_regclass(view_name) from served_views where to_regclass(view_name) is not null
    );
{% endmacro %}

{% macro replace_views() %}
    {#- Last in the transaction that publishes, since it locks readers out until the commit. Nobody waits behind
        it for longer than 50 ms: when a lock is not to be had it lets go of all others and begins again. Where
        columns moved, all views are dropped and made anew. What others built upon them is never dropped: then
        the build fails and says so. -#}
    do $replace$
    declare
        view record;
        are_dropped boolean := false;
    begin
        for attempt in 1..600 loop
            exit when not exists (select from changed_views);
            begin
                set local lock_timeout = '50ms';
                if are_dropped then
                    {{ drop_views('true') }}
                end if;
                for view in
                    select * from served_views
                    where mark is distinct from obj_description(to_regclass(view_name), 'pg_class')
                    order by recorded_at
                loop
                    execute view.make;
                    execute format('comment on view %s is %L', view.view_name, view.mark);
                end loop;
                {{ drop_views('view_name in (table changed_views)') }}
                delete from changed_views;
            exception
                when lock_not_available then
                    perform pg_sleep(0.05);
                when invalid_table_definition then
                    if are_dropped then
                        raise;
                    end if;
                    are_dropped := true;
            end;
        end loop;
        set local lock_timeout = 0;
        if exists (select from changed_views) then
            raise exception 'readers held the views for too long; the next build tries again';
        end if;
    end $replace$
{% endmacro %}

{% macro drop_views(which) %}
    if exists (select from present_views where {{ which }}) then
        execute (
            select 'drop view ' || string_agg(view_name, ', ') from present_views where {{ which }}
        );
    end if;
{% endmacro %}
