{% macro wall(relation) %}
alter table {{ relation }} enable row level security;
alter table {{ relation }} force row level security;
create policy owner on {{ relation }} to routiq_owner using (true) with check (true);
create policy tenant on {{ relation }} for select to routiq_api
    using (organization_id = nullif(current_setting('app.organization_id', true), ''));
{{ let_api_read(relation) }}
{% endmacro %}

{% macro let_api_read(relation) %}
grant select on {{ relation }} to routiq_api;
{% endmacro %}
