-- One row per row of mart_alerts, with labels in Spanish.
select
    alert_id as "Alerta",
    team_id as "Equipo",
    alert_type as "Tipo de alerta",
    severity as "Gravedad",
    entity_type as "Tipo de objeto",
    entity_id as "Objeto (id)",
    title as "Asunto",
    client_name as "Cliente",
    amount_mxn as "Importe MXN",
    days_left as "Días restantes",
    due_date as "Fecha límite",
    as_of_date as "Fecha de corte",
from {{ ref('mart_alerts') }}
