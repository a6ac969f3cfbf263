{#- A code of one of SAT's lists, as the list has it, however it was written: 3, "03 ", "Efectivo" and
    "EFECTIVO" are 03. What no list has stays as it is, without blanks around it, and is told. -#}
{% macro listed(column, list) -%}
    {%- set known = listed_codes()[list] -%}
    case
        when {{ column }} in (
            {%- for code in known.codes.values() | unique | sort %}'{{ code }}'{{ ', ' if not loop.last }}
            {%- endfor %}
        ) then {{ column }}
        else coalesce(
            map {
                {%- for name, code in known.codes.items() %}
                '{{ name | replace("'", "''") }}': '{{ code }}'{{ ', ' if not loop.last }}
                {%- endfor %}
            }[{{ folded(padded(column, known.width)) }}],
            upper({{ padded(column, known.width) }})
        )
    end
{%- endmacro %}

{#- The name of a tax, be it told by name or by code (c_Impuesto): IVA, ISR, IEPS; a local one as is. -#}
{% macro tax_name(column) -%}
    coalesce(
        map {'001': 'ISR', '1': 'ISR', '002': 'IVA', '2': 'IVA', '003': 'IEPS', '3': 'IEPS'}[
            {{ folded(column) }}
        ],
        {{ folded(column) }}
    )
{%- endmacro %}

{#- A Mexican postal code has five digits, of which numbers lose the first. -#}
{% macro zip_code(column) -%}
    {{ padded(column, 5) }}
{%- endmacro %}

{#- Without blanks of any kind around it (zero width and line feeds too); null when nothing is left. -#}
{% macro trimmed(column) -%}
    nullif(
        regexp_replace(nfc_normalize({{ column }}), '^[\s\pZ\pC]+|[\s\pZ\pC]+$', '', 'g'), ''
    )
{%- endmacro %}

{#- The same; what is shorter than its list wants and has only digits gets zeros in front. -#}
{% macro padded(column, width) -%}
    {%- if width -%}
    case
        when regexp_full_match({{ trimmed(column) }}, '[0-9]{1,{{ width }}}')
            then lpad({{ trimmed(column) }}, {{ width }}, '0')
        else {{ trimmed(column) }}
    end
    {%- else -%}
    {{ trimmed(column) }}
    {%- endif -%}
{%- endmacro %}

{#- In capitals, without accents and blanks around it: as lists are compared. -#}
{% macro folded(expression) -%}
    strip_accents(upper({{ trimmed(expression) }}))
{%- endmacro %}

{#- A text that says something; null for words by which programs write that there is none. -#}
{% macro unless_none(column) -%}
    if(
        {{ folded(column) }} in ('NONE', 'NULL', 'NIL', 'UNDEFINED', 'FALSE', 'N/A', 'NA', '-'),
        null,
        {{ trimmed(column) }}
    )
{%- endmacro %}

{#- SAT's and gigstack's words for how far a cancellation is, in one: seed sat_cfdi_status lists them.
    Unknown words stay, in lower case. -#}
{% macro cancellation_word(column) -%}
    coalesce(
        map {
            {%- for word, meant in cancellation_words().items() %}
            '{{ word }}': '{{ meant }}'{{ ', ' if not loop.last }}
            {%- endfor %}
        }[{{ folded(column) }}],
        lower({{ trimmed(column) }})
    )
{%- endmacro %}
