-- collected: one row per month, all teams: what was invoiced beside what came in, in pesos.
select
    month_start_date,
    sum(invoiced_pue_mxn + invoiced_ppd_mxn) as invoiced_mxn,
    sum(collected_mxn) as collected_mxn,
    sum(credit_notes_mxn) as credit_notes_mxn,
    sum(refunded_mxn) as refunded_mxn,
    sum(collected_without_cfdi_mxn) as collected_without_cfdi_mxn,
from marts.mart_reconciliation_monthly
group by month_start_date
order by month_start_date;
