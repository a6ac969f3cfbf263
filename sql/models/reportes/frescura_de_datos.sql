-- One row per row of mart_freshness, with labels for accountants.
select
    team_id as "Equipo",
    stream as "Lista de la API",
    last_status as "Último estado",
    rows_held as "Registros en el almacén",
    api_total as "Registros según la API",
    rows_difference as "Diferencia",
    rejects_count as "Rechazados",
    hours_since_read as "Horas desde la lectura",
    last_read_at as "Última lectura",
    last_swept_at as "Última lectura completa",
    newest_created_at as "Registro más nuevo",
    newest_loaded_at as "Último cambio cargado",
from {{ ref('mart_freshness') }}
