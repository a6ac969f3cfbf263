{#- The tax id of a client or team: [A-Z&Ñ]{3,4}, date of birth or foundation, homoclave, digit. -#}

{% macro rfc_norm(rfc) -%}
    nullif(
        upper(regexp_replace(
            replace(replace(nfc_normalize({{ rfc }}), '&amp;', '&'), '&AMP;', '&'),
            '[-\s\pZ\pC]+', '', 'g'
        )),
        ''
    )
{%- endmacro %}

{#- Shared by the general public and by residents abroad. -#}
{% macro is_generic_rfc(rfc) -%}
    {{ rfc_norm(rfc) }} in (select generic.code from {{ ref('generic_rfc') }} as generic)
{%- endmacro %}

{% macro rfc_format_ok(rfc) -%}
    (
        regexp_full_match(
            {{ rfc_norm(rfc) }},
            '[A-Z&Ñ]{3,4}[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[A-Z0-9]{2}[0-9A]'
        )
        -- a day that there is, in either century
        and coalesce(
            try_strptime('19' || regexp_extract({{ rfc_norm(rfc) }}, '[0-9]{6}'), '%Y%m%d'),
            try_strptime('20' || regexp_extract({{ rfc_norm(rfc) }}, '[0-9]{6}'), '%Y%m%d')
        ) is not null
    )
{%- endmacro %}

{% macro rfc_person_type(rfc) -%}
    case
        when {{ rfc_norm(rfc) }} is null then null
        when {{ is_generic_rfc(rfc) }}
            then (
                select generic.person_type
                from {{ ref('generic_rfc') }} as generic
                where generic.code = {{ rfc_norm(rfc) }}
            )
        when not {{ rfc_format_ok(rfc) }} then 'invalido'
        when length({{ rfc_norm(rfc) }}) = 12 then 'moral'
        else 'fisica'
    end
{%- endmacro %}

{#- Sum of each character's value times its place from the right, and 481 for legal entities, is a
    multiple of 11. Real RFC exist that fail it: a warning, never an error. -#}
{% macro rfc_check_ok(rfc) -%}
    case
        when {{ rfc_norm(rfc) }} is null then null
        when {{ is_generic_rfc(rfc) }} then true
        when not {{ rfc_format_ok(rfc) }} then false
        else (
            case when length({{ rfc_norm(rfc) }}) = 12 then 481 else 0 end
            + list_sum(list_transform(
                range(1, length({{ rfc_norm(rfc) }}) + 1),
                lambda place: place * (
                    strpos(
                        '0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ',
                        substr(
                            {{ rfc_norm(rfc) }}, length({{ rfc_norm(rfc) }}) + 1 - place, 1
                        )
                    ) - 1
                )
            ))
        ) % 11 = 0
    end
{%- endmacro %}
