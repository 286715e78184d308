{% macro stamp(relation) -%}
    comment on table {{ relation }} is 'build {{ invocation_id }}'
{%- endmacro %}

{% macro require_own_stamps() %}
    {#- When what started a build is killed, its dbt goes on, and another may begin beside it. Each would publish
        what the other computed; so whoever finds a table that is not its own publishes nothing. -#}
    {%- set made = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
        {%- set table = api.Relation.create(node.database, node.schema, node.alias, type='table') -%}
        {%- if node.config.materialized == 'served' -%}
            {%- do made.append(candidates_of(table).render()) -%}
        {%- elif node.config.materialized == 'table' -%}
            {%- do made.append(table.render()) -%}
        {%- endif -%}
    {%- endfor %}
    lock table {{ made | join(', ') }} in access share mode;
    do $$
    begin
        if exists (
            select from unnest(array['{{ made | join("', '") }}']) as tables (name)
            where obj_description(to_regclass(tables.name), 'pg_class')
                is distinct from 'build {{ invocation_id }}'
        ) then
            raise exception 'another build is at work; the next one tries again';
        end if;
    end $$;
{% endmacro %}
