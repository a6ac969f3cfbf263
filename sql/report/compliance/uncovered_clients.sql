-- uncovered_clients: the fifteen clients with the largest amount without complete evidence.
with clients as (
    select
        evidence.client_key,
        sum(evidence.uncovered_amount_mxn) as uncovered_amount_mxn,
        coalesce(any_value(evidence.client_name), evidence.client_key) as client_name,
        coalesce(any_value(team_names.name), evidence.team_id) as team,
        sum(evidence.amount_mxn) as amount_mxn,
        sum(evidence.complete_amount_mxn) as complete_amount_mxn,
        fraction(sum(evidence.complete_amount_mxn), sum(evidence.amount_mxn)) as complete_pct,
        sum(evidence.invoices_count)::bigint as invoices_count,
        sum(evidence.complete_count)::bigint as complete_count,
        sum(evidence.missing_agreement_count)::bigint as missing_agreement_count,
        sum(evidence.missing_performance_count)::bigint as missing_performance_count,
        sum(evidence.missing_payment_count)::bigint as missing_payment_count,
    from marts.mart_materiality_client as evidence
    left join team_names on evidence.team_id = team_names.team_id
    group by evidence.team_id, evidence.client_key
    having sum(evidence.uncovered_amount_mxn) > 0
    order by uncovered_amount_mxn desc, evidence.client_key asc
    limit 15
)

-- a name that two of them bear is told apart by the team
select
    uncovered_amount_mxn,
    if(
        count(*) over (partition by client_name) > 1, client_name || ' · ' || team, client_name
    ) as client_name,
    * exclude (uncovered_amount_mxn, client_name, client_key),
from clients
order by uncovered_amount_mxn desc, client_key asc;
