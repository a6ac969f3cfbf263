-- One row per payment, collected or not, as of dim_team.as_of_date.
with dated as (
    select
        payments.* exclude (currency_code, exchange_rate),
        teams.as_of_date,
        coalesce(payments.currency_code, 'MXN') as currency_code,
        case
            when coalesce(payments.currency_code, 'MXN') = 'MXN' then 1
            when payments.exchange_rate > 0 then payments.exchange_rate
        end as exchange_rate,
        coalesce(payments.is_live, true)
        and coalesce(payments.deleted_date > teams.as_of_date, true)
        and coalesce(payments.created_date <= teams.as_of_date, true) as is_in_scope,
        payments.status in {{ statuses('payment', 'is_money_collected') }} as has_succeeded,
        coalesce(payments.succeeded_date, payments.created_date) as money_date,
        coalesce(payments.succeeded_at, payments.created_at) as money_at,
        if(payments.succeeded_date is null, 'created', 'succeeded') as collected_date_source,
    from {{ ref('stg_payments') }} as payments
    inner join {{ ref('dim_team') }} as teams on payments.team_id = teams.team_id
),

collected as (
    select
        *,
        is_in_scope and coalesce(has_succeeded and money_date <= as_of_date, false) as is_collected,
    from dated
),

-- what is linked counts once it is there; what the warehouse does not know, as there
cfdi_links as (
    select
        team_id,
        payment_id,
        invoice_id as reference,
    from {{ ref('stg_payment_invoices') }}
    union all
    select
        team_id,
        payment_id,
        invoice_id as reference,
    from {{ ref('stg_invoice_payments') }}
),

receipt_links as (
    select
        team_id,
        payment_id,
        receipt_id,
    from {{ ref('stg_payment_receipts') }}
    union all
    select
        team_id,
        payment_id,
        receipt_id,
    from {{ ref('stg_receipt_payments') }}
),

links as (
    select
        links.team_id,
        links.payment_id,
        true as is_to_cfdi,
    from cfdi_links as links
    left join {{ ref('bridge_cfdi_reference') }} as named
        on links.team_id = named.team_id and links.reference = named.reference
    left join {{ ref('fct_cfdi') }} as documents on named.cfdi_key = documents.cfdi_key
    where coalesce(documents.is_in_scope, true)
    union all
    select
        links.team_id,
        links.payment_id,
        false as is_to_cfdi,
    from receipt_links as links
    left join {{ ref('fct_receipt') }} as receipts
        on links.team_id = receipts.team_id and links.receipt_id = receipts.receipt_id
    where coalesce(receipts.is_in_scope, true)
),

linked as (
    select
        team_id,
        payment_id,
        bool_or(is_to_cfdi) as has_cfdi,
        bool_or(not is_to_cfdi) as has_receipt,
    from links
    group by team_id, payment_id
)

select
    {{ key(['collected.team_id', 'collected.payment_id']) }} as payment_key,
    {{ key_or_unknown(['collected.team_id', 'collected.client_id']) }} as client_key,
    collected.team_id,
    collected.payment_id,
    case
        when collected.has_succeeded and not collected.is_collected then 'pending'
        else coalesce(collected.status, 'unknown')
    end as status,
    collected.status_raw,
    collected.currency_code,
    {{ code('collected.payment_form_code') }} as payment_form_code,
    collected.processor,
    collected.automation_type,
    if(collected.is_collected, collected.collected_date_source, null) as collected_date_source,
    try_cast(collected.exchange_rate as decimal(18, 6)) as exchange_rate,
    {{ money('collected.amount') }} as amount,
    {{ to_mxn('collected.amount', 'collected.currency_code', 'collected.exchange_rate') }}
        as amount_mxn,
    collected.is_in_scope,
    collected.is_collected,
    coalesce(forms.is_money_inflow, true) as is_money_inflow,
    coalesce(collected.is_live, true) as is_live,
    collected.deleted_at is not null as is_deleted,
    coalesce(linked.has_cfdi, false) as has_cfdi,
    coalesce(linked.has_receipt, false) as has_receipt,
    collected.exchange_rate is null as is_fx_missing,
    collected.created_date,
    if(collected.is_collected, collected.money_date, null) as collected_date,
    if(collected.is_collected, {{ month_of('collected.money_date') }}, null) as collected_month,
    if(collected.is_collected, {{ rep_due_date('collected.money_date') }}, null) as rep_due_date,
    collected.as_of_date,
    collected.created_at,
    collected.succeeded_at,
    if(collected.is_collected, collected.money_at, null) as collected_at,
    collected.updated_at,
    collected.loaded_at,
from collected
left join linked
    on collected.team_id = linked.team_id and collected.payment_id = linked.payment_id
left join {{ ref('dim_payment_form') }} as forms
    on collected.payment_form_code = forms.payment_form_code
