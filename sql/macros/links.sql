{#- Invoices that name each other, both ways: either of the two may name the other. -#}
{% macro invoice_links_both_ways() -%}
    select
        team_id,
        invoice_id as reference,
        linked_invoice_id as other_reference,
    from {{ ref('stg_invoice_links') }}
    union all
    select
        team_id,
        linked_invoice_id as reference,
        invoice_id as other_reference,
    from {{ ref('stg_invoice_links') }}
{%- endmacro %}
