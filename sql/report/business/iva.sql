-- iva: one row per month, all teams, by the clock of the money (basis cash), in pesos.
select
    month_start_date,
    sum(iva_billed_mxn) as iva_billed_mxn,
    sum(iva_collected_mxn) as iva_collected_mxn,
    sum(iva_pending_closing_mxn) as iva_pending_closing_mxn,
    sum(iva_estimated_mxn) as iva_estimated_mxn,
    fraction(sum(iva_estimated_mxn), sum(iva_collected_mxn)) as estimated_pct,
    fraction(sum(iva_rep_xml_mxn + iva_rep_api_mxn), sum(iva_collected_mxn)) as tier_1_2_pct,
    fraction(sum(iva_payment_mxn), sum(iva_collected_mxn)) as tier_3_pct,
    fraction(sum(iva_balance_mxn), sum(iva_collected_mxn)) as tier_4_pct,
    fraction(sum(iva_cfdi_mxn), sum(iva_collected_mxn)) as cfdi_pct,
from marts.mart_iva_monthly
where basis = 'cash'
group by month_start_date
order by month_start_date;
