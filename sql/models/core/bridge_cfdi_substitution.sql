-- One row per CFDI and other that replaces it: by relation 04, or as the cancellation says.
with named as (
    select
        team_id,
        related_cfdi_key as old_cfdi_key,
        cfdi_key as new_cfdi_key,
    from {{ ref('fct_cfdi_relation') }}
    where relation_type_code = '04' and is_related_known
    union
    select
        invoices.team_id,
        {{ key(['invoices.team_id', 'invoices.invoice_id']) }} as old_cfdi_key,
        named.cfdi_key as new_cfdi_key,
    from {{ ref('stg_invoices') }} as invoices
    inner join {{ ref('bridge_cfdi_reference') }} as named
        on invoices.team_id = named.team_id and invoices.replacement_uuid = named.reference
)

select named.*,
from named
inner join {{ ref('stg_invoices') }} as invoices
    on
        named.team_id = invoices.team_id
        and named.new_cfdi_key = {{ key(['invoices.team_id', 'invoices.invoice_id']) }}
inner join {{ ref('dim_team') }} as teams on named.team_id = teams.team_id
where
    named.old_cfdi_key <> named.new_cfdi_key
    and coalesce(invoices.created_date <= teams.as_of_date, true)
