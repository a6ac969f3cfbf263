-- Every CFDI, failure, receipt, invoice and client counts in one month of its team's scorecard:
-- nothing is lost between the marts and it. One row per team and measure that differs.
with scored as (
    select
        team_id,
        {{ money("sum(stamped_count)") }} as stamped,
        {{ money("sum(stamping_failures_count)") }} as failed,
        {{ money("sum(receipts_settled_mxn)") }} as receipts,
        {{ money("sum(evidence_amount_mxn)") }} as invoiced,
        {{ money("sum(evidence_complete_amount_mxn)") }} as covered,
        {{ money("sum(coalesce(clients_high_risk_count, 0))") }} as risky,
    from {{ ref('mart_team_scorecard_monthly') }}
    group by team_id
),

expected as (
    select
        team_id,
        'stamped' as measure,
        count(*) as amount,
    from {{ live('fct_cfdi') }}
    where is_stamped
    group by team_id
    union all
    select
        team_id,
        'failed' as measure,
        count(*) as amount,
    from {{ live('fct_stamping_failure') }}
    group by team_id
    union all
    select
        team_id,
        'receipts' as measure,
        coalesce(sum(total_mxn), 0) as amount,
    from {{ live('fct_receipt') }}
    where status in ('invoiced', 'expired')
    group by team_id
    union all
    select
        team_id,
        'invoiced' as measure,
        sum(amount_mxn) as amount,
    from {{ ref('mart_materiality_client') }}
    group by team_id
    union all
    select
        team_id,
        'covered' as measure,
        sum(complete_amount_mxn) as amount,
    from {{ ref('mart_materiality_client') }}
    group by team_id
    union all
    select
        team_id,
        'risky' as measure,
        count(*) as amount,
    from {{ ref('mart_client_risk') }}
    where risk_level = 'high'
    group by team_id
),

found as (
    unpivot scored
    on stamped, failed, receipts, invoiced, covered, risky
    into name measure value amount
)

select
    coalesce(expected.team_id, found.team_id) as team_id,
    coalesce(expected.measure, found.measure) as measure,
    expected.amount as expected,
    found.amount as found,
from expected
full join found on expected.team_id = found.team_id and expected.measure = found.measure
where coalesce(expected.amount, 0) <> coalesce(found.amount, 0)
