-- One row per team, client and month that ended by the as-of day in which the client owed, bought
-- on credit or paid. In pesos; everything as it looked at the month's end, except that payments
-- that were undone later are not counted as paid.
with balances as (
    select
        team_id,
        client_key,
        month_start_date,
        open_balance_mxn,
        days_past_due,
        due_date,
    from {{ live('fct_receivable_month_end') }}
    where is_open and is_complete_month
),

invoices as (
    select
        *,
        cast(
            issue_month + unnest([0, 1, 2]) * interval 1 month as date
        ) as month_start_date,
    from {{ live('fct_cfdi') }}
    where
        cfdi_type_code = 'I' and payment_method_code = 'PPD'
        and is_stamped and issue_date <= as_of_date
),

payments as (
    select
        paid.team_id,
        paid.client_key,
        paid.settlement_month as month_start_date,
        paid.amount_mxn,
        paid.evidence_tier,
        greatest(paid.settlement_date - invoices.issue_date, 0) as days_taken,
        paid.settlement_date <= invoices.due_date as is_on_time,
    from {{ live('fct_invoice_settlement') }} as paid
    inner join {{ live('fct_cfdi') }} as invoices on paid.cfdi_key = invoices.cfdi_key
    where
        paid.settlement_type = 'payment' and paid.is_effective
        and invoices.payment_method_code = 'PPD' and invoices.is_valid
),

figures as (
    select
        team_id,
        client_key,
        month_start_date,
        sum(open_balance_mxn) as closing_ar,
        sum(open_balance_mxn) filter (days_past_due <= 0) as current_ar,
        sum(open_balance_mxn) filter (days_past_due > 0) as overdue,
        sum(open_balance_mxn) filter (days_past_due > 90) as over_90,
    from balances
    group by all
    union all by name
    select
        team_id,
        client_key,
        cast(month_start_date + interval 1 month as date) as month_start_date,
        sum(open_balance_mxn) as opening_ar,
        sum(open_balance_mxn) filter (
            due_date <= last_day(cast(month_start_date + interval 1 month as date))
        ) as due,
    from balances
    group by all
    union all by name
    select
        team_id,
        client_key,
        month_start_date,
        sum(total_mxn) filter (month_start_date = issue_month) as credit_sales,
        sum(total_mxn) as credit_sales_3m,
        sum(total_mxn) filter (
            month_start_date = issue_month and due_date <= last_day(month_start_date)
        ) as due,
    from invoices
    where cancelled_date is null or cancelled_date > last_day(month_start_date)
    group by all
    union all by name
    select
        team_id,
        client_key,
        movement_month as month_start_date,
        -sum(change_mxn) as collected,
    from {{ live('fct_receivable_movement') }}
    where step = 'collected'
    group by all
    union all by name
    select
        team_id,
        client_key,
        month_start_date,
        sum(amount_mxn) as paid,
        sum(amount_mxn) filter (is_on_time) as paid_on_time,
        sum(cast(amount_mxn as decimal(38, 2)) * days_taken) as paid_days,
        {% for tier in [1, 2, 3, 4] %}
            sum(amount_mxn) filter (evidence_tier = {{ tier }}) as paid_tier_{{ tier }},
        {% endfor %}
    from payments
    group by all
),

sums as (
    select
        figures.team_id,
        figures.client_key,
        figures.month_start_date,
        {% for sum in collection_sums() %}
            {{ money('coalesce(sum(figures.' ~ sum ~ '), 0)') }} as {{ sum }}_mxn,
        {% endfor %}
        try_cast(coalesce(sum(figures.paid_days), 0) as decimal(18, 2)) as paid_days_mxn,
    from figures
    inner join {{ ref('dim_team') }} as teams on figures.team_id = teams.team_id
    where {{ is_month_over('figures.month_start_date', 'teams.as_of_date') }}
    group by all
)

select
    sums.client_key,
    sums.team_id,
    clients.client_id,
    clients.client_name,
    {% for sum in collection_sums() %}
        sums.{{ sum }}_mxn,
    {% endfor %}
    sums.paid_days_mxn,
    {{ collection_ratios('sums.month_start_date') }}
    sums.month_start_date,
    last_day(sums.month_start_date) as month_end_date,
from sums
left join {{ ref('dim_client') }} as clients on sums.client_key = clients.client_key
