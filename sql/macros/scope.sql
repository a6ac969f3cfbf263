{#- What marts read of a fact: live mode, not deleted, and there already on the day as of which
    everything is told. Tests forbid a mart to name a fact in any other way. -#}
{% macro live(fact) -%}
    {%- if fact in ('fct_cfdi_line', 'fct_cfdi_tax', 'fct_cfdi_relation') -%}
    (
        select parts.*
        from {{ ref(fact) }} as parts
        semi join {{ ref('fct_cfdi') }} as documents
            on parts.cfdi_key = documents.cfdi_key and documents.is_in_scope
    )
    {%- else -%}
    (
        select * from {{ ref(fact) }}
        where is_in_scope
    )
    {%- endif -%}
{%- endmacro %}
