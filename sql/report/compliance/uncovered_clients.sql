-- uncovered_clients: the fifteen clients with the largest amount without complete evidence.
select
    sum(clients.uncovered_amount_mxn) as uncovered_amount_mxn,
    coalesce(any_value(clients.client_name), clients.client_key) as client_name,
    coalesce(any_value(team_names.name), clients.team_id) as team,
    sum(clients.amount_mxn) as amount_mxn,
    sum(clients.complete_amount_mxn) as complete_amount_mxn,
    fraction(sum(clients.complete_amount_mxn), sum(clients.amount_mxn)) as complete_pct,
    sum(clients.invoices_count)::bigint as invoices_count,
    sum(clients.complete_count)::bigint as complete_count,
    sum(clients.missing_agreement_count)::bigint as missing_agreement_count,
    sum(clients.missing_performance_count)::bigint as missing_performance_count,
    sum(clients.missing_payment_count)::bigint as missing_payment_count,
from marts.mart_materiality_client as clients
left join team_names on clients.team_id = team_names.team_id
group by clients.team_id, clients.client_key
having sum(clients.uncovered_amount_mxn) > 0
order by uncovered_amount_mxn desc, clients.client_key
limit 15;
