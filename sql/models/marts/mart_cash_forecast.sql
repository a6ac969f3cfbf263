-- One row per team, currency, source of the rate and each of the thirteen weeks that follow the
-- as-of day: what of today's open PPD invoices is expected to come in. A forecast, not a promise.
with recursive buckets as (
    select unnest(
        ['0 Por vencer', '1 1-30', '2 31-60', '3 61-90', '4 91-120', '5 >120']
    ) as aging_bucket,
),

open_items as (
    select
        items.team_id,
        items.currency_code,
        {{ client_segment('clients.person_type') }} as segment,
        {{ weeks_past_due('(items.as_of_date + 1)', 'items.due_date') }} as week_past_due,
        items.open_balance,
        coalesce(items.open_balance_mxn, 0) as open_balance_mxn,
        (items.due_date - items.as_of_date + 6) // 7 as due_week,
        items.as_of_date,
        items.is_fx_missing,
    from {{ ref('mart_ar_open_items') }} as items
    left join {{ ref('dim_client') }} as clients on items.client_key = clients.client_key
    where items.open_balance > 0
),

trusted as (
    select distinct
        team_id,
        segment,
    from {{ ref('mart_collection_curve') }}
    where is_enough
),

-- the curve of the segment when enough is known of it, else the team's, else fixed shares
sources as (
    select
        segments.team_id,
        segments.segment,
        case
            when own.team_id is not null then 'segment'
            when teams.team_id is not null then 'team'
            else 'gigstack'
        end as rate_source,
    from (
        select distinct
            team_id,
            segment,
        from open_items
    ) as segments
    left join trusted as own
        on segments.team_id = own.team_id and segments.segment = own.segment
    left join trusted as teams
        on segments.team_id = teams.team_id and teams.segment = 'todos'
),

-- a bucket that nothing has reached yet pays like the one before it
rates as (
    select
        sources.team_id,
        sources.segment,
        sources.rate_source,
        buckets.aging_bucket,
        coalesce(
            last_value(curves.weekly_rate_pct ignore nulls) over (
                partition by sources.team_id, sources.segment order by buckets.aging_bucket
                rows between unbounded preceding and current row
            ),
            first_value(curves.weekly_rate_pct ignore nulls) over (
                partition by sources.team_id, sources.segment order by buckets.aging_bucket
                rows between current row and unbounded following
            ),
            0
        ) as weekly_rate,
    from sources
    cross join buckets
    left join {{ ref('mart_collection_curve') }} as curves
        on
            sources.team_id = curves.team_id
            and curves.segment = if(sources.rate_source = 'segment', sources.segment, 'todos')
            and buckets.aging_bucket = curves.aging_bucket
),

cohorts as (
    select
        open_items.team_id,
        open_items.currency_code,
        open_items.segment,
        sources.rate_source,
        open_items.week_past_due,
        sum(open_items.open_balance) as open_balance,
        sum(open_items.open_balance_mxn) as open_balance_mxn,
    from open_items
    inner join sources
        on open_items.team_id = sources.team_id and open_items.segment = sources.segment
    group by all
),

-- each week brings its rate of what is left; gigstack's shares go by the age of today
weeks as (
    select
        *,
        0 as week_number,
        {{ money('open_balance') }} as remaining,
        {{ money('open_balance_mxn') }} as remaining_mxn,
        {{ money('0') }} as expected,
        {{ money('0') }} as expected_mxn,
    from cohorts
    union all
    select
        team_id,
        currency_code,
        segment,
        rate_source,
        week_past_due,
        open_balance,
        open_balance_mxn,
        week_number + 1 as week_number,
        {{ money('remaining - ' ~ share('remaining', 'rate', 1)) }} as remaining,
        {{ money('remaining_mxn - ' ~ share('remaining_mxn', 'rate', 1)) }} as remaining_mxn,
        {{ money(share('remaining', 'rate', 1)) }} as expected,
        {{ money(share('remaining_mxn', 'rate', 1)) }} as expected_mxn,
    from (
        select
            weeks.*,
            try_cast(
                if(
                    weeks.rate_source = 'gigstack',
                    {{ fallback_weekly_rate(aging_bucket('(7 * weeks.week_past_due)')) }},
                    rates.weekly_rate
                ) as decimal(18, 6)
            ) as rate,
        from weeks
        inner join rates
            on
                weeks.team_id = rates.team_id and weeks.segment = rates.segment
                and {{ aging_bucket('(7 * (weeks.week_past_due + weeks.week_number))') }}
                = rates.aging_bucket
        where weeks.week_number < 13
    )
),

falling_due as (
    select
        open_items.team_id,
        open_items.currency_code,
        sources.rate_source,
        open_items.due_week as week_number,
        sum(open_items.open_balance) as due,
        sum(open_items.open_balance_mxn) as due_mxn,
    from open_items
    inner join sources
        on open_items.team_id = sources.team_id and open_items.segment = sources.segment
    where open_items.due_week between 1 and 13
    group by all
),

expected as (
    select
        team_id,
        currency_code,
        rate_source,
        week_number,
        sum(open_balance) as open_balance,
        sum(open_balance_mxn) as open_balance_mxn,
        sum(expected) as expected,
        sum(expected_mxn) as expected_mxn,
        sum(open_balance - remaining) as cumulative,
        sum(open_balance_mxn - remaining_mxn) as cumulative_mxn,
    from weeks
    where week_number > 0
    group by all
)

select
    expected.team_id,
    expected.currency_code,
    expected.rate_source,
    cast(expected.week_number as bigint) as week_number,
    cast(
        case
            when expected.week_number <= 5 then 30
            when expected.week_number <= 9 then 60
            else 90
        end as bigint
    ) as horizon_days,
    {{ money('expected.open_balance') }} as open_balance,
    {{ money('expected.open_balance_mxn') }} as open_balance_mxn,
    {{ money('coalesce(falling_due.due, 0)') }} as due,
    {{ money('coalesce(falling_due.due_mxn, 0)') }} as due_mxn,
    {{ money('expected.expected') }} as expected_collections,
    {{ money('expected.expected_mxn') }} as expected_collections_mxn,
    {{ money('expected.cumulative') }} as cumulative_expected,
    {{ money('expected.cumulative_mxn') }} as cumulative_expected_mxn,
    {{ ratio('expected.cumulative_mxn', 'expected.open_balance_mxn') }} as cumulative_expected_pct,
    expected.rate_source <> 'gigstack' as is_from_history,
    teams.as_of_date + 1 + 7 * (cast(expected.week_number as integer) - 1) as week_start_date,
    teams.as_of_date + 7 * cast(expected.week_number as integer) as week_end_date,
    teams.as_of_date,
from expected
inner join {{ ref('dim_team') }} as teams on expected.team_id = teams.team_id
left join falling_due
    on
        expected.team_id = falling_due.team_id
        and expected.currency_code = falling_due.currency_code
        and expected.rate_source = falling_due.rate_source
        and expected.week_number = falling_due.week_number
