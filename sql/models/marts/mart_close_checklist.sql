-- One row per team, month and check: what must be settled before the month is closed.
with teams as (
    select
        teams.team_id,
        teams.as_of_date,
        min(documents.issue_month) as first_month,
    from {{ ref('dim_team') }} as teams
    inner join {{ live('fct_cfdi') }} as documents on teams.team_id = documents.team_id
    group by teams.team_id, teams.as_of_date
),

checks as (
    select
        unnest([
            'draft_unstamped', 'cancellation_pending', 'balance_difference', 'pue_unpaid',
            'rep_owed', 'receipt_expired', 'global_not_issued', 'fx_missing',
            'payment_without_cfdi', 'stamping_failed', 'both_valid', 'cancellation_stuck',
            'global_differs', 'evidence_incomplete', 'document_ending', 'audit_failed',
        ]) as check_name,
        check_name not in (
            'draft_unstamped', 'cancellation_pending', 'balance_difference', 'cancellation_stuck',
            'global_differs', 'evidence_incomplete', 'document_ending', 'audit_failed'
        ) as is_blocking,
),

-- every month is there with every check, so that nothing open is a row and not a gap
calendar as (
    select
        teams.team_id,
        teams.as_of_date,
        checks.check_name,
        checks.is_blocking,
        cast(unnest(generate_series(
            teams.first_month, date_trunc('month', teams.as_of_date), interval 1 month
        )) as date) as month_start_date,
    from teams
    cross join checks
),

global_months as (
    select distinct
        team_id,
        issue_month,
    from {{ live('fct_cfdi') }}
    where is_valid and is_global
),

items as (
    select
        team_id,
        created_month as month_start_date,
        'draft_unstamped' as check_name,
        total_mxn as amount_mxn,
        last_day(created_month) as due_date,
    from {{ live('fct_invoice_draft') }}
    union all by name
    select
        team_id,
        issue_month as month_start_date,
        'pue_unpaid' as check_name,
        problem_amount_mxn as amount_mxn,
        payment_limit_date as due_date,
    from {{ ref('mart_pue_ppd_exceptions') }}
    where problem = 'pue_unpaid_at_month_end'
    union all by name
    select
        team_id,
        payment_month as month_start_date,
        'rep_owed' as check_name,
        owed_amount_mxn as amount_mxn,
        rep_due_date as due_date,
    from {{ ref('mart_rep_owed') }}
    where is_owed
    union all by name
    select
        team_id,
        created_month as month_start_date,
        'receipt_expired' as check_name,
        kept_amount_mxn as amount_mxn,
        valid_until_date as due_date,
    from {{ live('fct_receipt') }}
    where status in ('pending', 'expired') and valid_until_date < as_of_date
    union all by name
    select
        receipts.team_id,
        receipts.created_month as month_start_date,
        'global_not_issued' as check_name,
        receipts.kept_amount_mxn as amount_mxn,
        last_day(receipts.created_month) + 1 as due_date,
    from {{ live('fct_receipt') }} as receipts
    left join global_months
        on
            receipts.team_id = global_months.team_id
            and receipts.created_month = global_months.issue_month
    where receipts.status in ('pending', 'expired') and global_months.team_id is null
    union all by name
    select
        team_id,
        issue_month as month_start_date,
        'cancellation_pending' as check_name,
        total_mxn as amount_mxn,
        cancel_deadline_date as due_date,
    from {{ live('fct_cfdi') }}
    where is_cancellation_pending
    union all by name
    select
        team_id,
        issue_month as month_start_date,
        'fx_missing' as check_name,
        total_mxn as amount_mxn,
        last_day(issue_month) as due_date,
    from {{ live('fct_cfdi') }}
    where is_valid and revenue_sign <> 0 and is_fx_missing
    union all by name
    select
        team_id,
        collected_month as month_start_date,
        'payment_without_cfdi' as check_name,
        amount_mxn,
        last_day(collected_month) as due_date,
    from {{ live('fct_payment') }}
    where is_collected and is_money_inflow and not has_cfdi and not has_receipt
    union all by name
    select
        team_id,
        issue_month as month_start_date,
        'balance_difference' as check_name,
        {{ to_mxn('balance_difference') }} as amount_mxn,
        last_day(issue_month) as due_date,
    from {{ live('fct_invoice_balance') }}
    where is_receivable and abs(balance_difference) > 0.01
    union all by name
    -- old drafts and payments without CFDI are checks of their own
    select
        team_id,
        failed_month as month_start_date,
        'stamping_failed' as check_name,
        amount_mxn,
        last_day(failed_month) as due_date,
    from {{ live('fct_stamping_failure') }}
    where not is_resolved and detection_method in ('api_error', 'pending_cfdi')
    union all by name
    -- what waits for its answer in time is only pending; two valid CFDI count the sale twice
    select
        team_id,
        {{ month_of('issue_date') }} as month_start_date,
        if(problem = 'both_valid', 'both_valid', 'cancellation_stuck') as check_name,
        total_mxn as amount_mxn,
        coalesce(
            if(problem = 'acceptance_overdue', acceptance_due_date, null),
            if(problem = 'both_valid', null, cancel_deadline_date),
            last_day(issue_date)
        ) as due_date,
    from {{ ref('mart_cancellation_deadlines') }}
    where problem <> 'acceptance_pending'
    union all by name
    -- the day after the end of its period is the last one to send it
    select
        team_id,
        {{ month_of('period_end_date') }} as month_start_date,
        'global_differs' as check_name,
        amount_difference_mxn as amount_mxn,
        period_end_date + 1 as due_date,
    from {{ ref('mart_global_invoice_control') }}
    where
        is_valid
        and (
            abs(amount_difference_mxn) > 0.01
            or receipts_expected <> receipts_in_global
            or duplicate_receipts > 0
        )
    union all by name
    select
        team_id,
        issue_month as month_start_date,
        'evidence_incomplete' as check_name,
        uncovered_amount_mxn as amount_mxn,
        last_day(issue_month) as due_date,
    from {{ ref('mart_materiality_invoice') }}
    where not is_evidence_complete
    union all by name
    select
        team_id,
        {{ month_of('valid_until_date') }} as month_start_date,
        'document_ending' as check_name,
        amount_depending_mxn as amount_mxn,
        valid_until_date as due_date,
    from {{ ref('mart_documents_expiring') }}
    where not has_renewal
    union all by name
    select
        team_id,
        {{ month_of('audited_date') }} as month_start_date,
        'audit_failed' as check_name,
        cast(null as decimal(18, 2)) as amount_mxn,
        last_day(audited_date) as due_date,
    from {{ ref('mart_document_audits') }}
    where is_counting and not is_never_audited and not is_passed
),

summed as (
    select
        team_id,
        month_start_date,
        check_name,
        count(*) as items_open,
        sum(abs(amount_mxn)) as amount_mxn,
        min(due_date) as due_date,
    from items
    group by team_id, month_start_date, check_name
)

select
    calendar.team_id,
    calendar.check_name,
    case
        when summed.items_open is null then 'done'
        when summed.due_date < calendar.as_of_date then 'overdue'
        else 'open'
    end as status,
    cast(coalesce(summed.items_open, 0) as bigint) as items_open,
    {{ money('coalesce(summed.amount_mxn, 0)') }} as amount_mxn,
    calendar.is_blocking,
    calendar.is_blocking and summed.items_open is not null as is_blocked,
    {{ is_month_over('calendar.month_start_date', 'calendar.as_of_date') }} as is_month_over,
    calendar.month_start_date,
    summed.due_date,
    calendar.as_of_date,
from calendar
left join summed
    on
        calendar.team_id = summed.team_id
        and calendar.month_start_date = summed.month_start_date
        and calendar.check_name = summed.check_name
