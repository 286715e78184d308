{% macro contact_uuid(hash) -%}
    encode(
        set_byte(
            set_byte(
                substring({{ hash }} from 1 for 16), 6, (get_byte({{ hash }}, 6) & 15) | 128
            ),
            8, (get_byte({{ hash }}, 8) & 63) | 128
        ),
        'hex'
    )::uuid
{%- endmacro %}

{% macro contact_number(hash) -%}
    ('x' || substring(encode({{ hash }}, 'hex') from 1 for 13))::bit(52)::bigint
{%- endmacro %}
