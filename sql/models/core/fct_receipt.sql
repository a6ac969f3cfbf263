-- One row per receipt: a sale whose money is in and whose CFDI may still be asked for.
with dated as (
    select
        receipts.* exclude (currency_code, exchange_rate),
        teams.as_of_date,
        coalesce(receipts.currency_code, 'MXN') as currency_code,
        case
            when coalesce(receipts.currency_code, 'MXN') = 'MXN' then 1
            when receipts.exchange_rate > 0 then receipts.exchange_rate
        end as exchange_rate,
        coalesce(receipts.is_live, true)
        and coalesce(receipts.deleted_date > teams.as_of_date, true)
        and coalesce(receipts.created_date <= teams.as_of_date, true) as is_in_scope,
    from {{ ref('stg_receipts') }} as receipts
    inner join {{ ref('dim_team') }} as teams on receipts.team_id = teams.team_id
),

linked as (
    select
        links.team_id,
        links.receipt_id,
        min(invoices.cfdi_key) filter (where invoices.is_valid) as cfdi_key,
        bool_or(invoices.is_global) filter (where invoices.is_valid) as is_in_global,
        min(invoices.issue_date) as invoiced_date,
    from {{ ref('stg_receipt_invoices') }} as links
    inner join {{ ref('bridge_cfdi_reference') }} as named
        on links.team_id = named.team_id and links.invoice_id = named.reference
    inner join {{ ref('fct_cfdi') }} as invoices on named.cfdi_key = invoices.cfdi_key
    group by links.team_id, links.receipt_id
)

select
    {{ key(['dated.team_id', 'dated.receipt_id']) }} as receipt_key,
    {{ key_or_unknown(['dated.team_id', 'dated.client_id']) }} as client_key,
    coalesce(linked.cfdi_key, 'unknown') as cfdi_key,
    dated.team_id,
    dated.receipt_id,
    case
        when dated.status in ('invoiced', 'completed', 'stamped')
            then if(
                coalesce(dated.invoiced_date, linked.invoiced_date) > dated.as_of_date,
                'pending',
                'invoiced'
            )
        when dated.status in ('pending', 'open') then 'pending'
        when dated.status = 'expired' and dated.valid_until_date >= dated.as_of_date then 'pending'
        else coalesce(dated.status, 'unknown')
    end as status,
    dated.status_raw,
    dated.currency_code,
    {{ code('dated.payment_form_code') }} as payment_form_code,
    dated.periodicity,
    dated.automatic_invoice_error,
    cast(dated.exchange_rate as decimal(18, 6)) as exchange_rate,
    {{ money('dated.subtotal') }} as subtotal,
    {{ money('coalesce(dated.discount, 0)') }} as discount,
    {{ money('coalesce(dated.transferred_taxes, 0)') }} as transferred_taxes,
    {{ money('coalesce(dated.withheld_taxes, 0)') }} as withheld_taxes,
    {{ money('dated.total') }} as total,
    {{ to_mxn('dated.total', 'dated.currency_code', 'dated.exchange_rate') }} as total_mxn,
    {{ money('coalesce(dated.total_refunded, 0)') }} as refunded_amount,
    dated.is_in_scope,
    coalesce(dated.is_live, true) as is_live,
    dated.deleted_at is not null as is_deleted,
    coalesce(linked.is_in_global, false) as is_in_global,
    dated.exchange_rate is null as is_fx_missing,
    dated.created_date,
    {{ month_of('dated.created_date') }} as created_month,
    dated.valid_until_date,
    coalesce(dated.invoiced_date, linked.invoiced_date) as invoiced_date,
    dated.as_of_date,
    dated.created_at,
    dated.loaded_at,
from dated
left join linked on dated.team_id = linked.team_id and dated.receipt_id = linked.receipt_id
