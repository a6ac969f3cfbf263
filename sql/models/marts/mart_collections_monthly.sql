-- One row per team and month that ended by the as-of day, from its first invoice on. In pesos;
-- PUE invoices are left out, so a business that only sells PUE has no DSO (null, not 0).
with months as (
    select
        first_months.team_id,
        cast(unnest(generate_series(
            first_months.month_start_date, teams.as_of_date, interval 1 month
        )) as date) as month_start_date,
        teams.as_of_date,
    from (
        select
            team_id,
            min(issue_month) as month_start_date,
        from {{ live('fct_cfdi') }}
        where cfdi_type_code = 'I' and is_stamped
        group by team_id
    ) as first_months
    inner join {{ ref('dim_team') }} as teams on first_months.team_id = teams.team_id
),

sums as (
    select
        months.team_id,
        months.month_start_date,
        {% for sum in collection_sums() %}
            {{ money('coalesce(sum(clients.' ~ sum ~ '_mxn), 0)') }} as {{ sum }}_mxn,
        {% endfor %}
        try_cast(coalesce(sum(clients.paid_days_mxn), 0) as decimal(18, 2)) as paid_days_mxn,
        count(*) filter (clients.closing_ar_mxn <> 0) as clients_count,
    from months
    left join {{ ref('mart_collections_client_monthly') }} as clients
        on
            months.team_id = clients.team_id
            and months.month_start_date = clients.month_start_date
    where {{ is_month_over('months.month_start_date', 'months.as_of_date') }}
    group by all
)

select
    team_id,
    cast(clients_count as bigint) as clients_owing_count,
    cast({{ days_of('month_start_date') }} as bigint) as days_in_month,
    cast({{ days_of('month_start_date', 3) }} as bigint) as days_in_3m,
    {% for sum in collection_sums() %}
        {{ sum }}_mxn,
    {% endfor %}
    paid_days_mxn,
    {{ collection_ratios() }}
    month_start_date,
    last_day(month_start_date) as month_end_date,
from sums
