-- One row per team and month: what it invoiced and collected, how well, what wants care, and where
-- it stands among all teams. Numerators and denominators stand beside every share, so that months
-- and teams can be added.
{% set measures = [
    ('invoiced_revenue_mxn', 'desc'), ('collected_mxn', 'desc'), ('rep_on_time_pct', 'desc'),
    ('dso_3m', 'asc'), ('overdue_pct', 'asc'), ('cancel_rate_amount', 'asc'),
    ('pue_unpaid_pct', 'asc'), ('stamping_failure_rate', 'asc'),
    ('receipts_self_invoice_rate', 'desc'), ('evidence_complete_pct_amount', 'desc'),
    ('clients_high_risk_count', 'asc'),
] %}
with documents as (
    select *, from {{ live('fct_cfdi') }}
    where is_stamped and revenue_sign <> 0
),

invoiced as (
    select
        team_id,
        issue_month as month_start_date,
        sum(signed_net_amount_mxn) filter (where is_valid) as invoiced_revenue_mxn,
        sum(total_mxn) filter (where cfdi_type_code = 'I') as issued_mxn,
        sum(total_mxn) filter (where cfdi_type_code = 'I' and is_cancelled) as cancelled_mxn,
        sum(total_mxn) filter (
            where cfdi_type_code = 'I' and is_valid and payment_method_code = 'PUE'
        ) as pue_mxn,
        count(*) filter (where cfdi_type_code = 'I' and is_valid) as invoices_count,
    from documents
    group by team_id, issue_month
),

money as (
    select
        team_id,
        collected_month as month_start_date,
        amount_mxn,
    from {{ live('fct_payment') }}
    where is_collected and is_money_inflow
    union all
    select
        team_id,
        refund_month as month_start_date,
        -amount_mxn as amount_mxn,
    from {{ live('fct_refund') }}
    where is_effective and is_money_inflow
),

collected as (
    select
        team_id,
        month_start_date,
        sum(amount_mxn) as collected_mxn,
    from money
    group by team_id, month_start_date
),

unpaid as (
    select
        team_id,
        issue_month as month_start_date,
        sum(problem_amount_mxn) as pue_unpaid_mxn,
    from {{ ref('mart_pue_ppd_exceptions') }}
    where problem = 'pue_unpaid_at_month_end'
    group by team_id, issue_month
),

stamped as (
    select
        team_id,
        {{ month_of('coalesce(stamped_date, issue_date)') }} as month_start_date,
        count(*) as stamped_count,
    from {{ live('fct_cfdi') }}
    where is_stamped
    group by team_id, {{ month_of('coalesce(stamped_date, issue_date)') }}
),

failed as (
    select
        team_id,
        failed_month as month_start_date,
        sum(failures_count) as stamping_failures_count,
    from {{ ref('mart_stamping_errors_monthly') }}
    group by team_id, failed_month
),

-- receipts by the month in which they were made: invoiced to whoever asked for it, or in the end
-- by the global invoice, or expired
receipts as (
    select
        team_id,
        created_month as month_start_date,
        sum(total_mxn) as receipts_settled_mxn,
        sum(total_mxn) filter (where status = 'invoiced' and not is_in_global)
            as receipts_self_invoiced_mxn,
    from {{ live('fct_receipt') }}
    where status in ('invoiced', 'expired')
    group by team_id, created_month
),

evidence as (
    select
        team_id,
        issue_month as month_start_date,
        sum(total_mxn) as evidence_amount_mxn,
        sum(total_mxn) filter (where is_evidence_complete) as evidence_complete_amount_mxn,
    from {{ ref('mart_materiality_invoice') }}
    group by team_id, issue_month
),

-- known as of today only, so it stands in the month of the as-of day and in no other
risky as (
    select
        team_id,
        {{ month_of('as_of_date') }} as month_start_date,
        count(*) as clients_count,
        count(*) filter (where risk_level = 'high') as clients_high_risk_count,
    from {{ ref('mart_client_risk') }}
    group by team_id, {{ month_of('as_of_date') }}
),

synced as (
    select
        team_id,
        max(last_read_at) as last_sync_at,
    from {{ ref('mart_freshness') }}
    group by team_id
),

months as (
    select
        team_id,
        month_start_date,
    from invoiced
    union
    select
        team_id,
        month_start_date,
    from collected
    union
    select
        team_id,
        month_start_date,
    from stamped
    union
    select
        team_id,
        month_start_date,
    from failed
    union
    select
        team_id,
        month_start_date,
    from receipts
    union
    select
        team_id,
        month_start_date,
    from risky
),

scored as (
    select
        months.team_id,
        months.month_start_date,
        coalesce(invoiced.invoices_count, 0) as invoices_count,
        {{ money('coalesce(invoiced.invoiced_revenue_mxn, 0)') }} as invoiced_revenue_mxn,
        if(teams.has_payments, {{ money('coalesce(collected.collected_mxn, 0)') }}, null)
            as collected_mxn,
        coalesce(complements.payments_count, 0) as rep_needed_count,
        coalesce(complements.issued_on_time_count, 0) as rep_on_time_count,
        {{ ratio('complements.issued_on_time_count', 'complements.payments_count') }}
            as rep_on_time_pct,
        {{ money('coalesce(invoiced.issued_mxn, 0)') }} as issued_mxn,
        {{ money('coalesce(invoiced.cancelled_mxn, 0)') }} as cancelled_mxn,
        {{ ratio('coalesce(invoiced.cancelled_mxn, 0)', 'invoiced.issued_mxn') }}
            as cancel_rate_amount,
        {{ money('coalesce(invoiced.pue_mxn, 0)') }} as pue_mxn,
        {{ money('coalesce(unpaid.pue_unpaid_mxn, 0)') }} as pue_unpaid_mxn,
        {{ ratio('coalesce(unpaid.pue_unpaid_mxn, 0)', 'invoiced.pue_mxn') }} as pue_unpaid_pct,
        collections.closing_ar_mxn,
        collections.credit_sales_3m_mxn,
        collections.dso_3m,
        collections.overdue_mxn,
        collections.overdue_pct,
        coalesce(stamped.stamped_count, 0) as stamped_count,
        cast(coalesce(failed.stamping_failures_count, 0) as bigint) as stamping_failures_count,
        {{ ratio(
            'coalesce(failed.stamping_failures_count, 0)',
            '(coalesce(failed.stamping_failures_count, 0) + coalesce(stamped.stamped_count, 0))'
        ) }} as stamping_failure_rate,
        {{ money('coalesce(receipts.receipts_settled_mxn, 0)') }} as receipts_settled_mxn,
        {{ money('coalesce(receipts.receipts_self_invoiced_mxn, 0)') }}
            as receipts_self_invoiced_mxn,
        {{ ratio(
            'coalesce(receipts.receipts_self_invoiced_mxn, 0)', 'receipts.receipts_settled_mxn'
        ) }} as receipts_self_invoice_rate,
        {{ money('coalesce(evidence.evidence_amount_mxn, 0)') }} as evidence_amount_mxn,
        {{ money('coalesce(evidence.evidence_complete_amount_mxn, 0)') }}
            as evidence_complete_amount_mxn,
        {{ ratio(
            'coalesce(evidence.evidence_complete_amount_mxn, 0)', 'evidence.evidence_amount_mxn'
        ) }} as evidence_complete_pct_amount,
        risky.clients_count,
        risky.clients_high_risk_count,
        synced.last_sync_at,
    from months
    inner join {{ ref('dim_team') }} as teams on months.team_id = teams.team_id
    left join invoiced
        on months.team_id = invoiced.team_id and months.month_start_date = invoiced.month_start_date
    left join collected
        on
            months.team_id = collected.team_id
            and months.month_start_date = collected.month_start_date
    left join unpaid
        on months.team_id = unpaid.team_id and months.month_start_date = unpaid.month_start_date
    left join {{ ref('mart_rep_compliance_monthly') }} as complements
        on
            months.team_id = complements.team_id
            and months.month_start_date = complements.month_start_date
    left join {{ ref('mart_collections_monthly') }} as collections
        on
            months.team_id = collections.team_id
            and months.month_start_date = collections.month_start_date
    left join stamped
        on months.team_id = stamped.team_id and months.month_start_date = stamped.month_start_date
    left join failed
        on months.team_id = failed.team_id and months.month_start_date = failed.month_start_date
    left join receipts
        on months.team_id = receipts.team_id and months.month_start_date = receipts.month_start_date
    left join evidence
        on months.team_id = evidence.team_id and months.month_start_date = evidence.month_start_date
    left join risky
        on months.team_id = risky.team_id and months.month_start_date = risky.month_start_date
    left join synced on months.team_id = synced.team_id
),

-- the middle team's figure; of an even number of teams the lower of the two in the middle
medians as (
    select
        month_start_date,
        {% for measure, order in measures -%}
            quantile_disc({{ measure }}, 0.5) as {{ measure }},
        {% endfor -%}
    from scored
    group by month_start_date
)

select
    scored.team_id,
    teams.team_name,
    scored.invoices_count,
    scored.invoiced_revenue_mxn,
    scored.collected_mxn,
    scored.rep_needed_count,
    scored.rep_on_time_count,
    scored.rep_on_time_pct,
    scored.closing_ar_mxn,
    scored.credit_sales_3m_mxn,
    scored.dso_3m,
    scored.overdue_mxn,
    scored.overdue_pct,
    scored.issued_mxn,
    scored.cancelled_mxn,
    scored.cancel_rate_amount,
    scored.pue_mxn,
    scored.pue_unpaid_mxn,
    scored.pue_unpaid_pct,
    scored.stamped_count,
    scored.stamping_failures_count,
    scored.stamping_failure_rate,
    scored.receipts_settled_mxn,
    scored.receipts_self_invoiced_mxn,
    scored.receipts_self_invoice_rate,
    scored.evidence_amount_mxn,
    scored.evidence_complete_amount_mxn,
    scored.evidence_complete_pct_amount,
    scored.clients_count,
    scored.clients_high_risk_count,
    {% for measure, order in measures -%}
        if(
            scored.{{ measure }} is null, null,
            rank() over (
                partition by scored.month_start_date
                order by scored.{{ measure }} {{ order }} nulls last
            )
        ) as {{ measure }}_rank,
        {{ ratio('(scored.' ~ measure ~ ' - medians.' ~ measure ~ ')', 'medians.' ~ measure) }}
            as {{ measure }}_vs_median_pct,
    {% endfor -%}
    {{ is_month_over('scored.month_start_date', 'teams.as_of_date') }} as is_complete_month,
    scored.month_start_date,
    teams.as_of_date,
    scored.last_sync_at,
from scored
inner join medians on scored.month_start_date = medians.month_start_date
inner join {{ ref('dim_team') }} as teams on scored.team_id = teams.team_id
