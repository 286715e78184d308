{% macro get_incremental_changed_rows_sql(arg_dict) -%}
    {{ upsert_changed(
        arg_dict['target_relation'],
        arg_dict['temp_relation'],
        arg_dict['unique_key'],
        arg_dict['dest_columns'] | map(attribute='name') | list,
    ) }}
{%- endmacro %}

{% macro upsert_changed(target, source, key, columns, where='true', order=none) -%}
{%- set values = columns | reject('in', key) | list -%}
insert into {{ target }} as target ({{ columns | join(', ') }})
select {{ columns | join(', ') }}
from {{ source }} as source
where {{ where }}
    and not exists (
        select from {{ target }} as same
        where
            {%- for column in key %}
            same.{{ column }} = source.{{ column }} and
            {%- endfor %}
            ({% for column in values %}same.{{ column }}{{ ', ' if not loop.last }}{% endfor %})
            is not distinct from
            ({% for column in values %}source.{{ column }}{{ ', ' if not loop.last }}{% endfor %})
    )
{%- if order %}
order by {{ order | join(', ') }}
{%- endif %}
on conflict ({{ key | join(', ') }}) do update set
    {% for column in values %}{{ column }} = excluded.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}
