-- One row per team, client and month in which the client bought, or had not bought for three
-- months. Clients with a generic RFC and sales without a client are nobody, and left out.
with bought as (
    select
        team_id,
        client_key,
        issue_month,
        count(*) as invoices_count,
        coalesce(sum(net_amount_mxn), 0) as income_net,
    from {{ live('fct_cfdi') }}
    where
        is_valid and cfdi_type_code = 'I' and client_key <> 'unknown'
        and not is_generic_rfc and not is_global
    group by all
),

neighbours as (
    select
        bought.*,
        teams.as_of_date,
        min(bought.issue_month) over one_client as first_invoice_month,
        lag(bought.issue_month) over one_client as last_invoice_month,
        lead(bought.issue_month) over one_client as next_invoice_month,
        sum(bought.income_net) over one_client as lifetime_income_net,
    from bought
    inner join {{ ref('dim_team') }} as teams on bought.team_id = teams.team_id
    window
        one_client as (
            partition by bought.team_id, bought.client_key order by bought.issue_month
        )
),

-- only months that are over: in the running one it may still buy
dormant as (
    select
        *,
        cast(unnest(generate_series(
            issue_month + interval 3 month,
            least(
                next_invoice_month - interval 1 month,
                cast(date_trunc('month', as_of_date + 1) as date) - interval 1 month
            ),
            interval 1 month
        )) as date) as dormant_month,
    from neighbours
),

months as (
    select
        team_id,
        client_key,
        issue_month as month_start_date,
        case
            when last_invoice_month is null then 'new'
            when date_diff('month', last_invoice_month, issue_month) >= 6 then 'reactivated'
            else 'returning'
        end as lifecycle,
        date_diff('month', last_invoice_month, issue_month) as months_since_last_invoice,
        invoices_count,
        income_net,
        lifetime_income_net,
        first_invoice_month,
        last_invoice_month,
    from neighbours
    union all by name
    select
        team_id,
        client_key,
        dormant_month as month_start_date,
        'dormant' as lifecycle,
        date_diff('month', issue_month, dormant_month) as months_since_last_invoice,
        0 as invoices_count,
        0 as income_net,
        lifetime_income_net,
        first_invoice_month,
        issue_month as last_invoice_month,
    from dormant
)

select
    months.client_key,
    months.team_id,
    clients.client_id,
    clients.client_name,
    months.lifecycle,
    cast(months.months_since_last_invoice as bigint) as months_since_last_invoice,
    cast(months.invoices_count as bigint) as invoices_count,
    {{ money('months.income_net') }} as income_net_mxn,
    {{ money('months.lifetime_income_net') }} as lifetime_income_net_mxn,
    months.lifecycle = 'dormant' and months.months_since_last_invoice = 3 as is_newly_dormant,
    months.first_invoice_month,
    months.last_invoice_month,
    months.month_start_date,
from months
left join {{ ref('dim_client') }} as clients on months.client_key = clients.client_key
