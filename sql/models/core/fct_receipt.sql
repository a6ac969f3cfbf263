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

-- the income invoice that took it: a valid one, else one cancelled since
invoiced as (
    select
        links.team_id,
        links.receipt_id,
        invoices.cfdi_key,
        invoices.is_global as is_in_global,
        invoices.issue_date as invoiced_date,
    from {{ ref('stg_receipt_invoices') }} as links
    inner join {{ ref('bridge_cfdi_reference') }} as named
        on links.team_id = named.team_id and links.invoice_id = named.reference
    inner join {{ ref('fct_cfdi') }} as invoices on named.cfdi_key = invoices.cfdi_key
    where
        invoices.cfdi_type_code = 'I' and invoices.is_in_scope and invoices.is_stamped
        and invoices.issue_date <= invoices.as_of_date
    qualify row_number() over (
        partition by links.team_id, links.receipt_id
        order by not invoices.is_valid, invoices.issue_date, invoices.cfdi_id
    ) = 1
)

select
    {{ key(['dated.team_id', 'dated.receipt_id']) }} as receipt_key,
    {{ key_or_unknown(['dated.team_id', 'dated.client_id']) }} as client_key,
    coalesce(invoiced.cfdi_key, 'unknown') as cfdi_key,
    dated.team_id,
    dated.receipt_id,
    -- what the API calls invoiced is so when its invoice says so
    case
        when invoiced.cfdi_key is not null then 'invoiced'
        when dated.status = 'cancelled' then 'cancelled'
        -- whose money went back: nobody will ask for its CFDI
        when dated.total > 0 and dated.total_refunded >= dated.total then 'refunded'
        when
            dated.status = 'expired' and coalesce(dated.valid_until_date < dated.as_of_date, true)
            then 'expired'
        else 'pending'
    end as status,
    dated.status_raw,
    dated.currency_code,
    {{ code('dated.payment_form_code') }} as payment_form_code,
    dated.periodicity,
    dated.automatic_invoice_error,
    try_cast(dated.exchange_rate as decimal(18, 6)) as exchange_rate,
    {{ money('dated.subtotal') }} as subtotal,
    {{ money('coalesce(dated.discount, 0)') }} as discount,
    {{ money('coalesce(dated.transferred_taxes, 0)') }} as transferred_taxes,
    {{ money('coalesce(dated.withheld_taxes, 0)') }} as withheld_taxes,
    {{ money('dated.total') }} as total,
    {{ to_mxn('dated.total', 'dated.currency_code', 'dated.exchange_rate') }} as total_mxn,
    {{ money('coalesce(dated.total_refunded, 0)') }} as refunded_amount,
    {{ money('greatest(dated.total - coalesce(dated.total_refunded, 0), 0)') }} as kept_amount,
    {{ to_mxn(
        'greatest(dated.total - coalesce(dated.total_refunded, 0), 0)', 'dated.currency_code',
        'dated.exchange_rate'
    ) }} as kept_amount_mxn,
    dated.is_in_scope,
    coalesce(dated.is_live, true) as is_live,
    dated.deleted_at is not null as is_deleted,
    coalesce(invoiced.is_in_global, false) as is_in_global,
    dated.exchange_rate is null as is_fx_missing,
    dated.created_date,
    {{ month_of('dated.created_date') }} as created_month,
    dated.valid_until_date,
    invoiced.invoiced_date,
    dated.as_of_date,
    dated.created_at,
    dated.loaded_at,
from dated
left join invoiced on dated.team_id = invoiced.team_id and dated.receipt_id = invoiced.receipt_id
