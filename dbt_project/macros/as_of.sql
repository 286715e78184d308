{% macro as_of() -%}
    app.as_of()
{%- endmacro %}

{% macro exists_at(created_at, removed_at, as_of) -%}
    ({{ created_at }} <= {{ as_of }} and ({{ removed_at }} is null or {{ removed_at }} > {{ as_of }}))
{%- endmacro %}

{% macro is_cancelled_at(visits, as_of) -%}
    coalesce({{ visits }}.cancelled_at <= {{ as_of }}, false)
{%- endmacro %}

{% macro is_attended_at(visits, as_of) -%}
    (
        {{ visits }}.starts_at <= {{ as_of }}
        and not {{ visits }}.did_not_arrive
        and not {{ is_cancelled_at(visits, as_of) }}
    )
{%- endmacro %}

{% macro twin_order(visits, as_of) -%}
    {#- Of a patient's several rows in one class the first counts: a standing one before a cancelled one. -#}
    {{ is_cancelled_at(visits, as_of) }}, {{ visits }}.twin_rank
{%- endmacro %}

{% macro counts_at(visits, as_of) -%}
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
                    and ({{ twin_order('twins', as_of) }}) < ({{ twin_order(visits, as_of) }})
            )
        )
    )
{%- endmacro %}
