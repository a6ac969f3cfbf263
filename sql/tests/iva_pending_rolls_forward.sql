-- IVA pending: each month opens where the one before closed, and its steps explain the closing.
with months as (
    select
        *,
        lag(iva_pending_closing, 1, 0) over series as closing_before,
        lag(iva_pending_closing_mxn, 1, 0) over series as closing_before_mxn,
    from {{ ref('mart_iva_monthly') }}
    window
        series as (
            partition by team_id, iva_rate_class, currency_code, basis order by month_start_date
        )
)

select
    team_id,
    basis,
    iva_rate_class,
    currency_code,
    month_start_date,
    iva_pending_opening,
    iva_pending_closing,
    closing_before,
from months
where
    iva_pending_opening <> closing_before
    or iva_pending_opening_mxn <> closing_before_mxn
    or iva_pending_opening + iva_billed_ppd
    - iva_collected_ppd - iva_credit_notes - iva_cancelled <> iva_pending_closing
    or iva_pending_opening_mxn + iva_billed_ppd_mxn
    - iva_collected_ppd_mxn - iva_credit_notes_mxn - iva_cancelled_mxn <> iva_pending_closing_mxn
