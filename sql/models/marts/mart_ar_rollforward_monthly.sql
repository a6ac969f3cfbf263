-- One row per team, currency and month: what took the receivables from opening to closing, over all
-- PPD invoices, small residues too. Without gaps; the running month as of the as-of day.
with steps as (
    select
        team_id,
        currency_code,
        movement_month as month_start_date,
        {% for step in ['invoiced', 'collected', 'credited', 'cancelled'] -%}
        {% set sign = '' if step == 'invoiced' else '-' -%}
        {{ sign }}sum(change) filter (step = '{{ step }}') as {{ step }},
        {{ sign }}sum(change_mxn) filter (step = '{{ step }}') as {{ step }}_mxn,
        {% endfor -%}
        {% for tier in [1, 2, 3, 4] -%}
        -sum(change_mxn) filter (step = 'collected' and evidence_tier = {{ tier }})
            as collected_tier_{{ tier }}_mxn,
        {% endfor -%}
        count(*) filter (step = 'invoiced') as invoices_count,
        count(*) filter (is_fx_missing and step = 'invoiced') as fx_missing_count,
    from {{ live('fct_receivable_movement') }}
    group by all
),

closings as (
    select
        team_id,
        currency_code,
        month_start_date,
        sum(open_balance) as closing,
        sum(open_balance_mxn) as closing_mxn,
    from {{ live('fct_receivable_month_end') }}
    group by all
),

months as (
    select
        first_months.team_id,
        first_months.currency_code,
        teams.as_of_date,
        cast(unnest(generate_series(
            first_months.month_start_date, teams.as_of_date, interval 1 month
        )) as date) as month_start_date,
    from (
        select
            team_id,
            currency_code,
            min(month_start_date) as month_start_date,
        from steps
        group by all
    ) as first_months
    inner join {{ ref('dim_team') }} as teams on first_months.team_id = teams.team_id
),

carried as (
    select
        months.*,
        steps.* exclude (team_id, currency_code, month_start_date),
        coalesce(closings.closing, 0) as closing,
        coalesce(closings.closing_mxn, 0) as closing_mxn,
        lag(coalesce(closings.closing, 0), 1, 0) over one_currency as opening,
        lag(coalesce(closings.closing_mxn, 0), 1, 0) over one_currency as opening_mxn,
    from months
    left join steps using (team_id, currency_code, month_start_date)
    left join closings using (team_id, currency_code, month_start_date)
    window
        one_currency as (
            partition by months.team_id, months.currency_code order by months.month_start_date
        )
)

select
    team_id,
    currency_code,
    cast(coalesce(invoices_count, 0) as bigint) as invoices_count,
    cast(coalesce(fx_missing_count, 0) as bigint) as fx_missing_count,
    {% for suffix in ['', '_mxn'] -%}
    {{ money('opening' ~ suffix) }} as opening{{ suffix }},
    {{ money('coalesce(invoiced' ~ suffix ~ ', 0)') }} as invoiced_ppd{{ suffix }},
    {{ money('coalesce(collected' ~ suffix ~ ', 0)') }} as collected{{ suffix }},
    {{ money('coalesce(credited' ~ suffix ~ ', 0)') }} as credit_notes{{ suffix }},
    {{ money('coalesce(cancelled' ~ suffix ~ ', 0)') }} as cancelled{{ suffix }},
    {{ money('closing' ~ suffix) }} as closing{{ suffix }},
    {{ money(
        'closing' ~ suffix ~ ' - opening' ~ suffix ~ ' - coalesce(invoiced' ~ suffix
        ~ ', 0) + coalesce(collected' ~ suffix ~ ', 0) + coalesce(credited' ~ suffix
        ~ ', 0) + coalesce(cancelled' ~ suffix ~ ', 0)'
    ) }} as unexplained{{ suffix }},
    {% endfor -%}
    {% for tier in [1, 2, 3, 4] -%}
    {{ money('coalesce(collected_tier_' ~ tier ~ '_mxn, 0)') }} as collected_tier_{{ tier }}_mxn,
    {% endfor -%}
    last_day(month_start_date) <= as_of_date as is_complete_month,
    month_start_date,
    least(last_day(month_start_date), as_of_date) as month_end_date,
from carried
