-- One row per team, client and year of issue: how much of what was invoiced has complete evidence
-- per the internal policy.
select
    client_key,
    team_id,
    any_value(client_name) as client_name,
    any_value(policy) as policy,
    cast(year(issue_date) as integer) as issue_year,
    cast(count(*) as integer) as invoices_count,
    cast(count(*) filter (where is_evidence_complete) as integer) as complete_count,
    {{ ratio('count(*) filter (where is_evidence_complete)', 'count(*)') }} as complete_pct_count,
    {{ money(total('total_mxn')) }} as amount_mxn,
    {{ money(total('total_mxn', 'is_evidence_complete')) }}
        as complete_amount_mxn,
    {{ money(total('uncovered_amount_mxn')) }} as uncovered_amount_mxn,
    {{ ratio(
        total('total_mxn', 'is_evidence_complete'),
        total('total_mxn')
    ) }} as complete_pct_amount,
    cast(count(*) filter (where missing_roles like '%agreement%') as integer)
        as missing_agreement_count,
    cast(count(*) filter (where missing_roles like '%performance%') as integer)
        as missing_performance_count,
    cast(count(*) filter (where missing_roles like '%payment%') as integer)
        as missing_payment_count,
    cast(count(*) filter (where is_fx_missing) as integer) as fx_missing_count,
    any_value(as_of_date) as as_of_date,
from {{ ref('mart_materiality_invoice') }}
group by client_key, team_id, year(issue_date)
