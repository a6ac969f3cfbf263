-- One row per row of mart_materiality_client, with labels in Spanish.
select
    team_id as "Equipo",
    client_name as "Cliente",
    policy as "Política",
    issue_year as "Año de emisión",
    invoices_count as "Facturas",
    complete_count as "Facturas con evidencia completa",
    complete_pct_count as "Proporción completa (número)",
    amount_mxn as "Importe MXN",
    complete_amount_mxn as "Importe completo MXN",
    uncovered_amount_mxn as "Importe sin evidencia completa MXN",
    complete_pct_amount as "Proporción completa (importe)",
    missing_agreement_count as "Facturas sin acuerdo",
    missing_performance_count as "Facturas sin entrega",
    missing_payment_count as "Facturas sin pago",
    fx_missing_count as "Sin tipo de cambio",
    as_of_date as "Fecha de corte",
from {{ ref('mart_materiality_client') }}
