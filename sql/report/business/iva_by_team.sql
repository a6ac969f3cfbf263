-- iva_by_team: one row per month, team and clock (basis), in pesos, the newest first. Billed and
-- pending are the same under both clocks.
select
    iva.month_start_date,
    coalesce(team_names.name, iva.team_id) as team,
    iva.basis,
    sum(iva.iva_billed_mxn) as iva_billed_mxn,
    sum(iva.iva_collected_mxn) as iva_collected_mxn,
    sum(iva.iva_estimated_mxn) as iva_estimated_mxn,
    sum(iva.iva_pending_closing_mxn) as iva_pending_closing_mxn,
    fraction(sum(iva.iva_estimated_mxn), sum(iva.iva_collected_mxn)) as estimated_pct,
    fraction(sum(iva.iva_rep_xml_mxn + iva.iva_rep_api_mxn), sum(iva.iva_collected_mxn))
        as tier_1_2_pct,
    fraction(sum(iva.iva_payment_mxn), sum(iva.iva_collected_mxn)) as tier_3_pct,
    fraction(sum(iva.iva_balance_mxn), sum(iva.iva_collected_mxn)) as tier_4_pct,
    fraction(sum(iva.iva_cfdi_mxn), sum(iva.iva_collected_mxn)) as cfdi_pct,
    sum(iva.fx_missing_count + iva.collected_fx_missing_count)::bigint as fx_missing_count,
from marts.mart_iva_monthly as iva
left join team_names on iva.team_id = team_names.team_id
group by iva.month_start_date, iva.team_id, team_names.name, iva.basis
order by iva.month_start_date desc, team asc, iva.basis asc;
