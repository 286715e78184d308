{% test spans_are_seamless(model, entity) %}
{{ config(tags=['gate']) }}
select
    {{ entity | join(', ') }},
    from_at
from (
    select
        *,
        lead(from_at, 1, to_at) over (
            partition by {{ entity | join(', ') }} order by from_at
        ) as next_from_at
    from {{ candidates_of(model) }}
) as spans
where from_at >= to_at or next_from_at <> to_at
{% endtest %}
