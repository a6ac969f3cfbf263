-- One row per team, segment of clients ('todos' is all of them) and ageing bucket: which part of
-- what was open when a week began was collected in that week. From PPD invoices issued in the year
-- before the as-of day; weeks count from the due date, and only whole ones that are over.
with invoices as (
    select
        documents.cfdi_key,
        documents.team_id,
        {{ client_segment('clients.person_type') }} as segment,
        documents.total_mxn,
        documents.issue_date,
        documents.due_date,
        {{ weeks_past_due('documents.issue_date', 'documents.due_date') }} as first_week,
        {{ weeks_past_due('(documents.as_of_date + 1)', 'documents.due_date') }} - 1 as last_week,
    from {{ live('fct_cfdi') }} as documents
    left join {{ ref('dim_client') }} as clients on documents.client_key = clients.client_key
    where
        documents.is_valid and documents.cfdi_type_code = 'I'
        and documents.payment_method_code = 'PPD' and not documents.is_fx_missing
        and documents.issue_date > documents.as_of_date - {{ history_days() }}
),

observed as (
    select *, from invoices
    where first_week <= last_week
),

settled as (
    select
        observed.cfdi_key,
        observed.team_id,
        observed.segment,
        observed.last_week,
        {{ weeks_past_due(
            'greatest(settlements.settlement_date, observed.issue_date)', 'observed.due_date'
        ) }} as week,
        settlements.amount_mxn,
        settlements.settlement_type <> 'credit_note' as is_money,
    from {{ live('fct_invoice_settlement') }} as settlements
    inner join observed on settlements.cfdi_key = observed.cfdi_key
    where settlements.is_effective
),

-- what comes to be open in a week and what leaves after it: by payment, or since time is up
moves as (
    select
        team_id,
        segment,
        first_week as week,
        total_mxn as entered,
        0 as collected,
        1 as invoices_count,
    from observed
    union all
    select
        team_id,
        segment,
        week + 1 as week,
        -amount_mxn as entered,
        0 as collected,
        0 as invoices_count,
    from settled
    where week <= last_week
    union all
    select
        team_id,
        segment,
        week,
        0 as entered,
        if(is_money, amount_mxn, 0) as collected,
        0 as invoices_count,
    from settled
    where week <= last_week
    union all
    select
        observed.team_id,
        observed.segment,
        observed.last_week + 1 as week,
        -(any_value(observed.total_mxn) - coalesce(sum(settled.amount_mxn), 0)) as entered,
        0 as collected,
        0 as invoices_count,
    from observed
    left join settled
        on observed.cfdi_key = settled.cfdi_key and settled.week <= settled.last_week
    group by observed.cfdi_key, observed.team_id, observed.segment, observed.last_week
),

with_all as (
    select *, from moves
    union all
    select * replace ('todos' as segment),
    from moves
),

weeks as (
    select
        bounds.team_id,
        bounds.segment,
        cast(unnest(generate_series(bounds.first_week, bounds.last_week)) as bigint) as week,
        0 as entered,
        0 as collected,
        0 as invoices_count,
    from (
        select
            team_id,
            segment,
            min(week) as first_week,
            max(week) as last_week,
        from with_all
        group by all
    ) as bounds
),

by_week as (
    select
        team_id,
        segment,
        week,
        sum(collected) as collected,
        sum(sum(entered)) over one_segment as at_risk,
        sum(sum(invoices_count)) over (partition by team_id, segment) as invoices_count,
    from (
        select *, from with_all
        union all
        select *, from weeks
    ) as all_weeks
    group by team_id, segment, week
    window one_segment as (partition by team_id, segment order by week)
),

by_bucket as (
    select
        team_id,
        segment,
        {{ aging_bucket('(7 * week)') }} as aging_bucket,
        max(invoices_count) as invoices_count,
        sum(collected) as collected,
        sum(greatest(at_risk, 0)) as at_risk,
    from by_week
    group by all
)

select
    team_id,
    segment,
    aging_bucket,
    cast(invoices_count as bigint) as invoices_count,
    {{ money('at_risk') }} as at_risk_mxn,
    {{ money('collected') }} as collected_mxn,
    -- more than all is paid where invoices are overpaid, less than nothing where money went back
    case
        when at_risk = 0 then null
        when collected < 0 then 0
        when collected > at_risk then 1
        else {{ ratio('collected', 'at_risk') }}
    end as weekly_rate_pct,
    invoices_count >= {{ least_invoices() }} as is_enough,
from by_bucket
