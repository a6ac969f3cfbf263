-- One row per team, currency and month: what took the receivables from opening to closing, over all
-- PPD invoices, small residues too. Without gaps; the running month as of the as-of day.
with steps as (
    select
        team_id,
        currency_code,
        movement_month as month_start_date,
        {% for step in ['invoiced', 'collected', 'credited', 'cancelled'] %}
            sum(change) filter (step = '{{ step }}') as {{ step }},
            sum(change_mxn) filter (step = '{{ step }}') as {{ step }}_mxn,
        {% endfor %}
        {% for tier in [1, 2, 3, 4] %}
            sum(change_mxn) filter (step = 'collected' and evidence_tier = {{ tier }})
                as tier_{{ tier }},
        {% endfor %}
        sum(change) as change,
        sum(change_mxn) as change_mxn,
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
        steps.invoices_count,
        steps.fx_missing_count,
        {% for mxn in ['', '_mxn'] %}
            steps.invoiced{{ mxn }},
            steps.collected{{ mxn }},
            steps.credited{{ mxn }},
            steps.cancelled{{ mxn }},
            steps.change{{ mxn }},
        {% endfor %}
        {% for tier in [1, 2, 3, 4] %}
            steps.tier_{{ tier }},
        {% endfor %}
        coalesce(closings.closing, 0) as closing,
        coalesce(closings.closing_mxn, 0) as closing_mxn,
        lag(coalesce(closings.closing, 0), 1, 0) over one_currency as opening,
        lag(coalesce(closings.closing_mxn, 0), 1, 0) over one_currency as opening_mxn,
    from months
    left join steps
        on
            months.team_id = steps.team_id
            and months.currency_code = steps.currency_code
            and months.month_start_date = steps.month_start_date
    left join closings
        on
            months.team_id = closings.team_id
            and months.currency_code = closings.currency_code
            and months.month_start_date = closings.month_start_date
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
    {% for mxn in ['', '_mxn'] %}
        {{ money('opening' ~ mxn) }} as opening{{ mxn }},
        {{ money('coalesce(invoiced' ~ mxn ~ ', 0)') }} as invoiced_ppd{{ mxn }},
        {{ money('-coalesce(collected' ~ mxn ~ ', 0)') }} as collected{{ mxn }},
        {{ money('-coalesce(credited' ~ mxn ~ ', 0)') }} as credit_notes{{ mxn }},
        {{ money('-coalesce(cancelled' ~ mxn ~ ', 0)') }} as cancelled{{ mxn }},
        {{ money('closing' ~ mxn) }} as closing{{ mxn }},
        {{ money('closing' ~ mxn ~ ' - opening' ~ mxn ~ ' - coalesce(change' ~ mxn ~ ', 0)') }}
            as unexplained{{ mxn }},
    {% endfor %}
    {% for tier in [1, 2, 3, 4] %}
        {{ money('-coalesce(tier_' ~ tier ~ ', 0)') }} as collected_tier_{{ tier }}_mxn,
    {% endfor %}
    {{ is_month_over('month_start_date') }} as is_complete_month,
    month_start_date,
    least(last_day(month_start_date), as_of_date) as month_end_date,
from carried
