-- One row per receipt whose money is in and that nobody invoiced yet. No receivable: never add it
-- to what clients owe.
select
    receipts.receipt_key,
    receipts.client_key,
    receipts.team_id,
    receipts.receipt_id,
    clients.client_name,
    receipts.status_raw,
    receipts.currency_code,
    receipts.payment_form_code,
    forms.description_es as payment_form,
    receipts.periodicity,
    receipts.automatic_invoice_error,
    receipts.total,
    receipts.total_mxn,
    receipts.refunded_amount,
    receipts.kept_amount,
    receipts.kept_amount_mxn,
    cast(receipts.valid_until_date - receipts.as_of_date as integer) as days_to_expiry,
    cast(receipts.as_of_date - receipts.created_date as integer) as age_days,
    coalesce(receipts.valid_until_date < receipts.as_of_date, false) as is_expired_not_global,
    receipts.is_fx_missing,
    receipts.created_date,
    receipts.created_month,
    receipts.valid_until_date,
    receipts.as_of_date,
from {{ live('fct_receipt') }} as receipts
left join {{ ref('dim_client') }} as clients on receipts.client_key = clients.client_key
left join {{ ref('dim_payment_form') }} as forms
    on receipts.payment_form_code = forms.payment_form_code
where receipts.status = 'pending'
