-- One row per team whose income counts when it is collected (regimes 612, 625, 626), month and
-- currency: what came in for its invoices, net of taxes, less what credit notes gave back.
{% set evidences = ['rep_xml', 'rep_api', 'payment', 'balance'] %}
with teams as (
    select *, from {{ ref('dim_team') }}
    where tax_regime_code in ('612', '625', '626')
),

documents as (
    select documents.*,
    from {{ live('fct_cfdi') }} as documents
    semi join teams on documents.team_id = teams.team_id
    where documents.is_valid
),

-- what is paid beyond the total is not for this invoice
settled as (
    select
        settlements.*,
        documents.net_amount,
        documents.total,
        if(
            settlements.payment_method_code = 'PPD',
            settlements.settlement_exchange_rate,
            documents.exchange_rate
        ) as exchange_rate,
        sum(settlements.collected_amount) over running - settlements.collected_amount
            as settled_before,
        sum(settlements.collected_amount) over running as settled_after,
    from {{ live('fct_invoice_settlement') }} as settlements
    inner join documents on settlements.cfdi_key = documents.cfdi_key
    where
        settlements.is_effective and settlements.settlement_type <> 'credit_note'
        and documents.total > 0
    window
        running as (
            partition by settlements.cfdi_key
            order by settlements.settlement_number rows unbounded preceding
        )
),

shared as (
    select
        *,
        {{ share('net_amount', 'settled_after', 'total', decimals_of('currency_code')) }}
        - {{ share('net_amount', 'settled_before', 'total', decimals_of('currency_code')) }}
            as net_part,
    from settled
),

parts as (
    select
        team_id,
        settlement_month as month_start_date,
        currency_code,
        cfdi_key,
        if(payment_method_code = 'PPD', 'ppd', 'pue') as source,
        evidence,
        net_part,
        {{ to_mxn('net_part') }} as net_part_mxn,
    from shared
    union all by name
    select
        parts.team_id,
        parts.credit_note_month as month_start_date,
        parts.currency_code,
        parts.credit_note_cfdi_key as cfdi_key,
        'credit_notes' as source,
        'cfdi' as evidence,
        parts.collected_net_amount as net_part,
        parts.collected_net_amount_mxn as net_part_mxn,
    from {{ live('fct_credit_note_part') }} as parts
    semi join teams on parts.team_id = teams.team_id
),

summed as (
    select
        team_id,
        month_start_date,
        currency_code,
        count(distinct cfdi_key) filter (where source <> 'credit_notes') as invoices_count,
        {% for suffix in ['', '_mxn'] -%}
            {% for source in ['ppd', 'pue', 'credit_notes'] -%}
                coalesce(sum(net_part{{ suffix }}) filter (where source = '{{ source }}'), 0)
                    as {{ source }}{{ suffix }},
            {% endfor -%}
        {% endfor -%}
        {% for evidence in evidences -%}
            coalesce(sum(net_part_mxn) filter (where evidence = '{{ evidence }}'), 0)
                as {{ evidence }}_mxn,
        {% endfor -%}
        count(*) filter (where net_part_mxn is null) as fx_missing_count,
    from parts
    group by team_id, month_start_date, currency_code
)

select
    summed.team_id,
    teams.tax_regime_code,
    teams.person_type,
    summed.currency_code,
    summed.invoices_count,
    {% for suffix in ['', '_mxn'] -%}
        {{ money('summed.ppd' ~ suffix) }} as income_ppd{{ suffix }},
        {{ money('summed.pue' ~ suffix) }} as income_pue{{ suffix }},
        {{ money('summed.credit_notes' ~ suffix) }} as credit_notes{{ suffix }},
    {{ money(
        'summed.ppd' ~ suffix ~ ' + summed.pue' ~ suffix ~ ' - summed.credit_notes' ~ suffix
    ) }} as income_collected{{ suffix }},
    {% endfor -%}
    {% for evidence in evidences -%}
        {{ money('summed.' ~ evidence ~ '_mxn') }} as income_{{ evidence }}_mxn,
    {% endfor -%}
    {% for evidence in evidences -%}
        {{ ratio('summed.' ~ evidence ~ '_mxn', '(summed.ppd_mxn + summed.pue_mxn)') }}
            as {{ evidence }}_pct,
    {% endfor -%}
    summed.fx_missing_count,
    last_day(summed.month_start_date) <= teams.as_of_date as is_complete_month,
    summed.month_start_date,
    teams.as_of_date,
from summed
inner join teams on summed.team_id = teams.team_id
