{% test key_is_unique(model, key) %}
{{ config(tags=['gate']) }}
select
    {{ key | join(', ') }},
    count(*) as rows_with_this_key
from {{ candidates_of(model) }}
group by {{ key | join(', ') }}
having count(*) > 1
{% endtest %}
