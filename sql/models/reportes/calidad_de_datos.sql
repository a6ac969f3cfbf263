-- One row per row of mart_data_quality, with labels for accountants.
select
    team_id as "Equipo",
    run_id as "Carga",
    check_name as "Revisión",
    severity as "Gravedad",
    status as "Estado",
    rows_checked as "Revisados",
    rows_failed as "Fallidos",
    failed_pct as "% fallido",
    has_findings as "Con hallazgos",
    as_of_date as "Fecha de corte",
    loaded_at as "Cargado",
from {{ ref('mart_data_quality') }}
