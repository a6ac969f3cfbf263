-- risk_levels: one row per team and level of risk, in pesos.
select
    coalesce(team_names.name, clients.team_id) as team,
    clients.risk_level,
    count(*) as clients_count,
    sum(clients.open_balance_mxn) as open_balance_mxn,
    sum(clients.exposure_mxn) as exposure_mxn,
from marts.mart_client_risk as clients
left join team_names on clients.team_id = team_names.team_id
group by clients.team_id, team_names.name, clients.risk_level
order by team, array_position(['high', 'medium', 'low'], clients.risk_level);
