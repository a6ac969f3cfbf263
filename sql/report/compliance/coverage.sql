-- coverage: one row per team, year and policy: how much has complete evidence, in pesos.
select
    coalesce(team_names.name, clients.team_id) as team,
    clients.issue_year::varchar as issue_year,
    clients.policy,
    sum(clients.invoices_count)::bigint as invoices_count,
    sum(clients.complete_count)::bigint as complete_count,
    sum(clients.amount_mxn) as amount_mxn,
    sum(clients.complete_amount_mxn) as complete_amount_mxn,
    sum(clients.uncovered_amount_mxn) as uncovered_amount_mxn,
    fraction(sum(clients.complete_amount_mxn), sum(clients.amount_mxn)) as complete_pct,
    sum(clients.fx_missing_count)::bigint as fx_missing_count,
from marts.mart_materiality_client as clients
left join team_names on clients.team_id = team_names.team_id
group by clients.team_id, team_names.name, clients.issue_year, clients.policy
order by clients.issue_year desc, team asc;
