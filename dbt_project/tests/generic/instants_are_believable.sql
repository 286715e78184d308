{% test instants_are_believable(model, key, columns) %}
{{ config(tags=['gate']) }}
select {{ key | join(', ') }}
from {{ candidates_of(model) }}
where
    {%- for column in columns %}
    {{ column }} not between '{{ var("earliest_believable") }}' and '{{ var("latest_believable") }}'
    {{- ' or' if not loop.last }}
    {%- endfor %}
{% endtest %}
