-- One row per team, month of issue, currency, type of CFDI (I, E) and whether it is a global
-- invoice. Without gaps from the slice's first month to that of the as-of day, so that the figures
-- of the month and of the year before may be summed over any slices.
with documents as (
    select *, from {{ live('fct_cfdi') }}
    where
        cfdi_type_code in ('I', 'E') and is_stamped and issue_date <= as_of_date
        and (is_valid or cfdi_type_code = 'I')
),

sums as (
    select
        team_id,
        issue_month,
        currency_code,
        cfdi_type_code,
        is_global,
        count(*) filter (is_valid and cfdi_type_code = 'I') as invoices_count,
        count(*) filter (is_valid and cfdi_type_code = 'E') as credit_notes_count,
        count(*) filter (is_valid and is_fx_missing) as fx_missing_count,
        {{ total('net_amount', "is_valid and cfdi_type_code = 'I'") }} as income_net,
        {{ total('net_amount_mxn', "is_valid and cfdi_type_code = 'I'") }} as income_net_mxn,
        {{ total('net_amount', "is_valid and cfdi_type_code = 'E'") }} as credit_notes_net,
        {{ total('net_amount_mxn', "is_valid and cfdi_type_code = 'E'") }} as credit_notes_net_mxn,
        {{ total('signed_net_amount', 'is_valid') }} as invoiced_revenue,
        {{ total('signed_net_amount_mxn', 'is_valid') }} as invoiced_revenue_mxn,
        {{ total('signed_total', 'is_valid') }} as gross_invoiced,
        {{ total('signed_total_mxn', 'is_valid') }} as gross_invoiced_mxn,
        {{ total('net_amount', 'is_cancelled') }} as cancelled_net,
        {{ total('net_amount_mxn', 'is_cancelled') }} as cancelled_net_mxn,
        {{ total('net_amount', 'is_cancelled_in_later_month') }} as cancelled_later_net,
        {{ total('net_amount_mxn', 'is_cancelled_in_later_month') }} as cancelled_later_net_mxn,
    from documents
    group by all
),

slices as (
    select
        team_id,
        currency_code,
        cfdi_type_code,
        is_global,
        min(issue_month) as first_month,
    from sums
    group by all
),

months as (
    select
        slices.team_id,
        slices.currency_code,
        slices.cfdi_type_code,
        slices.is_global,
        teams.as_of_date,
        cast(unnest(generate_series(
            slices.first_month, teams.as_of_date, interval 1 month
        )) as date) as issue_month,
    from slices
    inner join {{ ref('dim_team') }} as teams on slices.team_id = teams.team_id
),

compared as (
    select
        months.*,
        sums.invoices_count,
        sums.credit_notes_count,
        sums.fx_missing_count,
        sums.income_net,
        sums.income_net_mxn,
        sums.credit_notes_net,
        sums.credit_notes_net_mxn,
        sums.invoiced_revenue,
        sums.invoiced_revenue_mxn,
        sums.gross_invoiced,
        sums.gross_invoiced_mxn,
        sums.cancelled_net,
        sums.cancelled_net_mxn,
        sums.cancelled_later_net,
        sums.cancelled_later_net_mxn,
        {{ is_month_over('months.issue_month', 'months.as_of_date') }} as is_complete_month,
        lag({{ joined('sums.invoiced_revenue_mxn', 'sums.invoices_count') }}) over one_slice
            as prior_month_revenue_mxn,
        lag({{ joined('sums.invoiced_revenue_mxn', 'sums.invoices_count') }}, 12) over one_slice
            as prior_year_revenue_mxn,
    from months
    left join sums
        on
            months.team_id = sums.team_id
            and months.issue_month = sums.issue_month
            and months.currency_code = sums.currency_code
            and months.cfdi_type_code = sums.cfdi_type_code
            and months.is_global = sums.is_global
    window
        one_slice as (
            partition by
                months.team_id, months.currency_code, months.cfdi_type_code, months.is_global
            order by months.issue_month
        )
)

select
    team_id,
    currency_code,
    cfdi_type_code,
    cast(coalesce(invoices_count, 0) as bigint) as invoices_count,
    cast(coalesce(credit_notes_count, 0) as bigint) as credit_notes_count,
    cast(coalesce(fx_missing_count, 0) as bigint) as fx_missing_count,
    {{ money(joined('income_net', 'invoices_count')) }} as income_net,
    {{ money(joined('income_net_mxn', 'invoices_count')) }} as income_net_mxn,
    {{ money(joined('credit_notes_net', 'invoices_count')) }} as credit_notes_net,
    {{ money(joined('credit_notes_net_mxn', 'invoices_count')) }} as credit_notes_net_mxn,
    {{ money(joined('invoiced_revenue', 'invoices_count')) }} as invoiced_revenue,
    {{ money(joined('invoiced_revenue_mxn', 'invoices_count')) }} as invoiced_revenue_mxn,
    {{ money(joined('gross_invoiced', 'invoices_count')) }} as gross_invoiced,
    {{ money(joined('gross_invoiced_mxn', 'invoices_count')) }} as gross_invoiced_mxn,
    {{ money(joined('cancelled_net', 'invoices_count')) }} as cancelled_net,
    {{ money(joined('cancelled_net_mxn', 'invoices_count')) }} as cancelled_net_mxn,
    {{ money(joined('cancelled_later_net', 'invoices_count')) }} as cancelled_later_net,
    {{ money(joined('cancelled_later_net_mxn', 'invoices_count')) }} as cancelled_later_net_mxn,
    {{ money('prior_month_revenue_mxn') }} as prior_month_revenue_mxn,
    {{ money('prior_year_revenue_mxn') }} as prior_year_revenue_mxn,
    if(
        is_complete_month,
        try_cast(
            {{ ratio(
                joined('invoiced_revenue_mxn', 'invoices_count'), 'prior_month_revenue_mxn'
            ) }} - 1
            as decimal(18, 6)
        ),
        null
    ) as revenue_mom_pct,
    if(
        is_complete_month,
        try_cast(
            {{ ratio(
                joined('invoiced_revenue_mxn', 'invoices_count'), 'prior_year_revenue_mxn'
            ) }} - 1
            as decimal(18, 6)
        ),
        null
    ) as revenue_yoy_pct,
    is_global,
    is_complete_month,
    issue_month,
    as_of_date,
from compared
