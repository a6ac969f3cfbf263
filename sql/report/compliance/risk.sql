-- risk: one row per client of high or medium level, the largest exposure first.
select
    clients.risk_level,
    coalesce(clients.client_name, clients.client_id) as client_name,
    coalesce(team_names.name, clients.team_id) as team,
    string_split(clients.flags, ', ') as reasons,
    clients.risk_score,
    clients.exposure_mxn,
    clients.open_balance_mxn,
    clients.overdue_90_mxn,
    clients.revenue_12_months_mxn,
from marts.mart_client_risk as clients
left join team_names on clients.team_id = team_names.team_id
where clients.risk_level <> 'low'
order by
    array_position(['high', 'medium', 'low'], clients.risk_level),
    clients.exposure_mxn desc,
    clients.client_key asc;
