-- One row per team, client and month of issue, in pesos. What was sold under a generic RFC is one
-- row for the public in general and one for foreigners: revenue, but nobody's concentration.
with documents as (
    select
        *,
        case
            when client_rfc = 'XEXX010101000' then 'extranjero'
            when is_generic_rfc or (client_key = 'unknown' and is_global) then 'publico_general'
            else client_key
        end as client_group,
    from {{ live('fct_cfdi') }}
    where is_valid and cfdi_type_code in ('I', 'E')
),

sums as (
    select
        team_id,
        client_group,
        issue_month,
        client_group in ('extranjero', 'publico_general') as is_generic,
        count(*) filter (cfdi_type_code = 'I') as invoices_count,
        count(*) filter (cfdi_type_code = 'E') as credit_notes_count,
        count(*) filter (is_fx_missing) as fx_missing_count,
        {{ total('net_amount_mxn', "cfdi_type_code = 'I'") }} as income_net,
        {{ total('net_amount_mxn', "cfdi_type_code = 'E'") }} as credit_notes_net,
        {{ total('signed_net_amount_mxn') }} as revenue,
        {{ total('signed_total_mxn') }} as gross,
    from documents
    group by all
),

shared as (
    select
        *,
        sum(revenue) over one_month as team_revenue,
        count(*) filter (not is_generic and invoices_count > 0) over one_month as active_clients,
        if(
            is_generic,
            null,
            row_number() over (
                partition by team_id, issue_month, is_generic
                order by revenue desc, client_group asc
            )
        ) as revenue_rank,
        sum(if(is_generic, 0, revenue)) over (
            partition by team_id, issue_month order by revenue desc, client_group asc
            rows between unbounded preceding and current row
        ) as cumulative_revenue,
    from sums
    window one_month as (partition by team_id, issue_month)
),

shares as (
    select
        *,
        if(team_revenue > 0, {{ ratio('revenue', 'team_revenue') }}, null) as share_pct,
        if(
            team_revenue > 0 and not is_generic,
            {{ ratio('cumulative_revenue', 'team_revenue') }},
            null
        ) as cumulative_share_pct,
    from shared
)

select
    shares.client_group as client_key,
    shares.team_id,
    case
        when not shares.is_generic then clients.client_id
        else shares.client_group
    end as client_id,
    case shares.client_group
        when 'publico_general' then 'Público en general'
        when 'extranjero' then 'Extranjero sin RFC'
        else clients.client_name
    end as client_name,
    cast(shares.revenue_rank as bigint) as revenue_rank,
    cast(shares.invoices_count as bigint) as invoices_count,
    cast(shares.credit_notes_count as bigint) as credit_notes_count,
    cast(shares.fx_missing_count as bigint) as fx_missing_count,
    cast(shares.active_clients as bigint) as active_clients,
    {{ money('shares.income_net') }} as income_net_mxn,
    {{ money('shares.credit_notes_net') }} as credit_notes_net_mxn,
    {{ money('shares.revenue') }} as invoiced_revenue_mxn,
    {{ money('shares.gross') }} as gross_invoiced_mxn,
    {{ money('shares.cumulative_revenue') }} as cumulative_revenue_mxn,
    {{ money('shares.team_revenue') }} as team_revenue_mxn,
    shares.share_pct,
    shares.cumulative_share_pct,
    -- the square of a share below one has twelve decimals; six are kept
    try_cast(round(
        sum(
            if(
                shares.is_generic or coalesce(shares.share_pct, 0) <= 0,
                0,
                cast(shares.share_pct as decimal(38, 6)) * shares.share_pct
            )
        ) over (partition by shares.team_id, shares.issue_month),
        6
    ) as decimal(18, 6)) as hhi,
    shares.is_generic,
    shares.issue_month,
from shares
left join {{ ref('dim_client') }} as clients on shares.client_group = clients.client_key
