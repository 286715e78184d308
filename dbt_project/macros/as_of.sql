{% macro as_of() -%}
    app.as_of()
{%- endmacro %}

{% macro exists_at(created_at, removed_at, as_of) -%}
    ({{ created_at }} <= {{ as_of }} and ({{ removed_at }} is null or {{ removed_at }} > {{ as_of }}))
{%- endmacro %}

{% macro counts_at(visits, as_of) -%}
    {#- A patient's several rows in one class count once, a standing one before a cancelled one. -#}
    (
        {{ exists_at(visits ~ '.created_at', visits ~ '.removed_at', as_of) }}
        and (
            {{ visits }}.twin_class is null
            or not exists (
                select
                from {{ ref('fct_visits') }} as twins
                where
                    twins.organization_id = {{ visits }}.organization_id
                    and twins.patient_id = {{ visits }}.patient_id
                    and twins.twin_class = {{ visits }}.twin_class
                    and {{ exists_at('twins.created_at', 'twins.removed_at', as_of) }}
                    and (coalesce(twins.cancelled_at <= {{ as_of }}, false), twins.twin_rank)
                    < (
                        coalesce({{ visits }}.cancelled_at <= {{ as_of }}, false),
                        {{ visits }}.twin_rank
                    )
            )
        )
    )
{%- endmacro %}
