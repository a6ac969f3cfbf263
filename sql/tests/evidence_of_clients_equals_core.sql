-- Invoices and amounts of clients and years are the valid invoices of core; what has its evidence
-- and what has not are all of it.
with clients as (
    select
        team_id,
        issue_year,
        sum(invoices_count) as invoices_count,
        sum(fx_missing_count) as fx_missing_count,
        sum(amount_mxn) as amount_mxn,
        sum(complete_amount_mxn + uncovered_amount_mxn) as parts_mxn,
    from {{ ref('mart_materiality_client') }}
    group by team_id, issue_year
),

core as (
    select
        team_id,
        year(issue_date) as issue_year,
        count(*) as invoices_count,
        count(*) filter (where is_fx_missing) as fx_missing_count,
        coalesce(sum(total_mxn), 0) as amount_mxn,
    from {{ ref('fct_cfdi') }}
    where is_valid and cfdi_type_code = 'I'
    group by team_id, year(issue_date)
)

select
    core.*,
    clients.*,
from core
full join clients on core.team_id = clients.team_id and core.issue_year = clients.issue_year
where
    core.invoices_count is distinct from clients.invoices_count
    or core.fx_missing_count is distinct from clients.fx_missing_count
    or core.amount_mxn is distinct from clients.amount_mxn
    or core.amount_mxn is distinct from clients.parts_mxn
