-- One row per team whose income counts when it is collected (regimes 612, 625, 626), month, basis
-- and currency: what came in for its invoices, net of taxes, less what credit notes gave back. By
-- one of two clocks, as in mart_iva_monthly: never add them.
{% set evidences = ['rep_xml', 'rep_api', 'payment', 'balance', 'cfdi'] %}
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

received as (
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
),

given_back as (
    select
        parts.team_id,
        parts.payment_method_code,
        parts.credit_note_month as month_start_date,
        parts.currency_code,
        parts.credit_note_cfdi_key as cfdi_key,
        'credit_notes' as source,
        'cfdi' as evidence,
        parts.collected_net_amount as net_part,
        parts.collected_net_amount_mxn as net_part_mxn,
        parts.net_amount,
        parts.net_amount_mxn,
    from {{ live('fct_credit_note_part') }} as parts
    semi join teams on parts.team_id = teams.team_id
),

-- SAT prefills what is paid in one exhibition in the month of its issue, and its notes in theirs
at_issue as (
    select
        team_id,
        issue_month as month_start_date,
        currency_code,
        cfdi_key,
        'pue' as source,
        'cfdi' as evidence,
        net_amount as net_part,
        net_amount_mxn as net_part_mxn,
    from documents
    where cfdi_type_code = 'I' and payment_method_code <> 'PPD'
),

-- nobody can say when what is paid in one exhibition came in where no payment is recorded
silent as (
    select
        at_issue.* replace ('payment' as evidence, null as net_part, null as net_part_mxn),
        true as is_silent,
    from at_issue
    inner join teams on at_issue.team_id = teams.team_id and not teams.has_payments
),

parts as (
    select
        'cash' as basis,
        *,
    from received
    union all by name
    select
        'cash' as basis,
        * exclude (payment_method_code, net_amount, net_amount_mxn),
    from given_back
    union all by name
    select
        'cash' as basis,
        *,
    from silent
    union all by name
    select
        'sat_prefill' as basis,
        *,
    from received
    where source = 'ppd'
    union all by name
    select
        'sat_prefill' as basis,
        *,
    from at_issue
    union all by name
    select
        'sat_prefill' as basis,
        * exclude (payment_method_code, net_part, net_part_mxn, net_amount, net_amount_mxn),
        if(payment_method_code = 'PPD', net_part, net_amount) as net_part,
        if(payment_method_code = 'PPD', net_part_mxn, net_amount_mxn) as net_part_mxn,
    from given_back
    where payment_method_code in ('PUE', 'PPD')
),

summed as (
    select
        team_id,
        basis,
        month_start_date,
        currency_code,
        count(distinct cfdi_key) filter (source <> 'credit_notes' and is_silent is null)
            as invoices_count,
        coalesce(bool_or(is_silent), false) as is_silent,
        {% for suffix in ['', '_mxn'] -%}
            {% for source in ['ppd', 'pue', 'credit_notes'] -%}
                {{ total('net_part' ~ suffix, "source = '" ~ source ~ "'") }}
                    as {{ source }}{{ suffix }},
            {% endfor -%}
            sum(if(source = 'credit_notes', -net_part{{ suffix }}, net_part{{ suffix }}))
                as collected{{ suffix }},
        {% endfor -%}
        {% for evidence in evidences -%}
            {% set rows = "evidence = '" ~ evidence ~ "' and source <> 'credit_notes'" -%}
            {{ total('net_part_mxn', rows) }} as {{ evidence }}_mxn,
            sum(abs(net_part_mxn)) filter ({{ rows }}) as moved_{{ evidence }}_mxn,
        {% endfor -%}
        sum(abs(net_part_mxn)) filter (source <> 'credit_notes') as moved_mxn,
        count(*) filter (net_part is not null and net_part_mxn is null) as fx_missing_count,
        count(*) filter (is_silent) as pue_unknown_count,
    from parts
    group by team_id, basis, month_start_date, currency_code
)

select
    summed.team_id,
    summed.basis,
    teams.tax_regime_code,
    teams.person_type,
    summed.currency_code,
    summed.invoices_count,
    {% for suffix in ['', '_mxn'] -%}
        {{ money('summed.ppd' ~ suffix) }} as income_ppd{{ suffix }},
        {{ money('summed.pue' ~ suffix) }} as income_pue{{ suffix }},
        {{ money('summed.credit_notes' ~ suffix) }} as credit_notes{{ suffix }},
        {{ money('if(summed.is_silent, null, summed.collected' ~ suffix ~ ')') }}
            as income_collected{{ suffix }},
    {% endfor -%}
    {% for evidence in evidences -%}
        {{ money('summed.' ~ evidence ~ '_mxn') }} as income_{{ evidence }}_mxn,
    {% endfor -%}
    -- what came in and what went back both count: a share of the net would leave 0 to 1
    {% for evidence in evidences -%}
        {{ ratio(
            'coalesce(summed.moved_' ~ evidence ~ '_mxn, 0)', 'summed.moved_mxn'
        ) }} as {{ evidence }}_pct,
    {% endfor -%}
    summed.fx_missing_count,
    summed.pue_unknown_count,
    {{ is_month_over('summed.month_start_date', 'teams.as_of_date') }} as is_complete_month,
    summed.month_start_date,
    teams.as_of_date,
from summed
inner join teams on summed.team_id = teams.team_id
