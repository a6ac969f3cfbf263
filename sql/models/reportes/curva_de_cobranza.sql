-- One row per row of mart_collection_curve, with labels for accountants.
select
    team_id as "Equipo",
    segment as "Segmento",
    aging_bucket as "Antigüedad",
    invoices_count as "Facturas",
    at_risk_mxn as "Expuesto",
    collected_mxn as "Cobrado",
    weekly_rate_pct as "Cobro semanal",
    is_enough as "Historia suficiente",
from {{ ref('mart_collection_curve') }}
