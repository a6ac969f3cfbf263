-- One row per object whose CFDI was not stamped in time, with how that is known. The API keeps no
-- log of failures: only a receipt tells what its automatic invoice failed with (api_error). The
-- others are inferred from a day of grace that went by: a payment that should have made an invoice,
-- a CFDI that stays pending, a draft that nobody stamped.
with links as (
    select
        team_id,
        payment_id,
        invoice_id,
    from {{ ref('stg_payment_invoices') }}
    union
    select
        team_id,
        payment_id,
        invoice_id,
    from {{ ref('stg_invoice_payments') }}
),

invoiced as (
    select
        links.team_id,
        links.payment_id,
        min(invoices.issue_date) as cfdi_date,
        min(invoices.created_at) as cfdi_at,
    from links
    inner join {{ ref('bridge_cfdi_reference') }} as named
        on links.team_id = named.team_id and links.invoice_id = named.reference
    inner join {{ ref('fct_cfdi') }} as invoices on named.cfdi_key = invoices.cfdi_key
    where invoices.is_stamped and invoices.is_in_scope and invoices.cfdi_type_code = 'I'
    group by links.team_id, links.payment_id
),

payments as (
    select
        payments.client_key,
        payments.team_id,
        'payment' as entity_type,
        payments.payment_id as entity_id,
        payments.payment_key as entity_key,
        'payment_without_cfdi' as detection_method,
        null as error_message,
        payments.amount_mxn,
        payments.is_in_scope,
        payments.collected_date as failed_date,
        invoiced.cfdi_date as resolved_date,
        date_diff('hour', payments.succeeded_at, invoiced.cfdi_at) as hours_to_resolve,
        payments.as_of_date,
    from {{ ref('fct_payment') }} as payments
    left join invoiced
        on payments.team_id = invoiced.team_id and payments.payment_id = invoiced.payment_id
    where
        payments.is_collected and payments.status <> 'refunded'
        and payments.automation_type in (
            'pue_invoice', 'ppd_invoice_and_complement', 'payment', 'payment_and_complement',
            'stamp_invoice'
        )
),

pending as (
    select
        client_key,
        team_id,
        'invoice' as entity_type,
        cfdi_id as entity_id,
        cfdi_key as entity_key,
        'pending_cfdi' as detection_method,
        null as error_message,
        coalesce(total_mxn, 0) as amount_mxn,
        is_in_scope,
        created_date as failed_date,
        if(is_stamped, stamped_date, null) as resolved_date,
        if(is_stamped, date_diff('hour', created_at, stamped_at), null) as hours_to_resolve,
        as_of_date,
    from {{ ref('fct_cfdi') }}
    where status in ('pending', 'valid', 'cancelled')
),

drafts as (
    select
        {{ key_or_unknown(['drafts.team_id', 'drafts.client_id']) }} as client_key,
        drafts.team_id,
        'draft' as entity_type,
        drafts.draft_id as entity_id,
        'unknown' as entity_key,
        'old_draft' as detection_method,
        null as error_message,
        {{ to_mxn(
            'drafts.total', "coalesce(drafts.currency_code, 'MXN')", 'drafts.exchange_rate'
        ) }} as amount_mxn,
        coalesce(drafts.is_live, true)
        and coalesce(drafts.deleted_date > teams.as_of_date, true)
        and coalesce(drafts.created_date <= teams.as_of_date, true) as is_in_scope,
        drafts.created_date as failed_date,
        null as resolved_date,
        null as hours_to_resolve,
        teams.as_of_date,
    from {{ ref('stg_invoice_drafts') }} as drafts
    inner join {{ ref('dim_team') }} as teams on drafts.team_id = teams.team_id
),

receipts as (
    select
        client_key,
        team_id,
        'receipt' as entity_type,
        receipt_id as entity_id,
        receipt_key as entity_key,
        'api_error' as detection_method,
        automatic_invoice_error as error_message,
        total_mxn as amount_mxn,
        is_in_scope,
        created_date as failed_date,
        invoiced_date as resolved_date,
        24 * date_diff('day', created_date, invoiced_date) as hours_to_resolve,
        as_of_date,
    from {{ ref('fct_receipt') }}
    where automatic_invoice_error is not null
),

inferred as (
    select *, from payments
    union all by name
    select *, from pending
    union all by name
    select *, from drafts
),

failures as (
    select *, from receipts
    union all by name
    select *, from inferred
    where coalesce(resolved_date, as_of_date) - failed_date > {{ setting('stamping_grace_days') }}
)

select
    {{ key(['failures.team_id', 'failures.detection_method', 'failures.entity_id']) }}
        as stamping_failure_key,
    if(clients.client_key is null, 'unknown', failures.client_key) as client_key,
    failures.entity_key,
    failures.team_id,
    failures.entity_type,
    failures.entity_id,
    failures.detection_method,
    coalesce(errors.error_code, 'unknown') as error_code,
    coalesce(errors.error_type, 'unknown') as error_type,
    failures.error_message,
    failures.amount_mxn,
    cast(failures.hours_to_resolve as integer) as hours_to_resolve,
    failures.detection_method <> 'api_error' as is_inferred,
    coalesce(failures.resolved_date <= failures.as_of_date, false) as is_resolved,
    failures.is_in_scope,
    failures.failed_date,
    {{ month_of('failures.failed_date') }} as failed_month,
    failures.resolved_date,
    failures.as_of_date,
from failures
left join {{ ref('dim_client') }} as clients on failures.client_key = clients.client_key
left join {{ ref('dim_cfdi_error') }} as errors
    on regexp_extract(failures.error_message, '[A-Z]{2,5}[0-9]{3,6}') = errors.error_code
