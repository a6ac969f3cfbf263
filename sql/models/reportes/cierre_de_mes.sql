-- One row per row of mart_close_checklist, with labels for accountants.
select
    team_id as "Equipo",
    check_name as "Revisión",
    status as "Estado",
    items_open as "Pendientes",
    amount_mxn as "Importe pendiente",
    is_blocking as "Bloquea",
    is_blocked as "Mes bloqueado",
    is_month_over as "Mes terminado",
    month_start_date as "Mes",
    due_date as "Vence",
    as_of_date as "Fecha de corte",
from {{ ref('mart_close_checklist') }}
