{% test is_complete(model, key, columns) %}
{{ config(tags=['gate']) }}
select {{ key | join(', ') }}
from {{ candidates_of(model) }}
where
    {%- for column in columns %}
    {{ column }} is null{{ ' or' if not loop.last }}
    {%- endfor %}
{% endtest %}
