{#- Facts at the grain of an invoice's parts keep the load that they were made of. What was loaded
    anew since is forgotten first, and then built like what was never there: by `loaded_at` as it
    is, not by its maximum, since a resumed or repeated run writes older moments later. -#}

{% macro forget_changed() -%}
    {%- if is_incremental() -%}
    delete from {{ this }} as held
    using {{ ref('stg_invoices') }} as invoices
    where
        held.team_id = invoices.team_id
        and held.cfdi_id = invoices.invoice_id
        and held.loaded_at is distinct from invoices.loaded_at
    {%- endif -%}
{%- endmacro %}

{% macro not_built_yet() -%}
    {%- if is_incremental() -%}
    anti join {{ this }} as held
        on invoices.team_id = held.team_id and invoices.invoice_id = held.cfdi_id
    {%- endif -%}
{%- endmacro %}
