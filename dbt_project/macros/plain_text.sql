{% macro plain_text(html) -%}
    {#- Paragraph ends become line ends, tags go, entities are read last, so that what was typed is not taken for a tag. -#}
    {%- set text -%}
    regexp_replace(
        regexp_replace({{ html }}, '\s*(<br\s*/?>|</(p|li|div|h[1-6])>)\s*', e'\n', 'gi'),
        '</?[a-z][^>]*>', '', 'gi'
    )
    {%- endset -%}
    {%- set entities = {'&nbsp;': ' ', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "''", '&amp;': '&'} -%}
    btrim(
        {{ 'replace(' * (entities | length) }}{{ text }}
        {%- for entity, character in entities.items() %}, '{{ entity }}', '{{ character }}'){% endfor %},
        e' \n\r\t'
    )
{%- endmacro %}
