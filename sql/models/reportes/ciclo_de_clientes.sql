-- One row per row of mart_client_lifecycle_monthly, with labels for accountants.
select
    client_key as "Clave del cliente",
    team_id as "Equipo",
    client_id as "Id del cliente",
    client_name as "Cliente",
    lifecycle as "Etapa",
    months_since_last_invoice as "Meses desde la última",
    invoices_count as "Facturas",
    income_net_mxn as "Facturado en el mes",
    lifetime_income_net_mxn as "Facturado acumulado",
    is_newly_dormant as "Se durmió este mes",
    first_invoice_month as "Mes de la primera factura",
    last_invoice_month as "Mes de la factura anterior",
    month_start_date as "Mes",
from {{ ref('mart_client_lifecycle_monthly') }}
