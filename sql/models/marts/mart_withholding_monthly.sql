-- One row per team, client, month, tax (ISR, IVA) and currency: what clients withheld from the
-- team, as billed and, creditable from then on, as collected. Not what it withheld from others.
with valid_cfdi as (
    select *, from {{ live('fct_cfdi') }}
    where is_valid
),

parts as (
    select
        valid_cfdi.team_id,
        valid_cfdi.client_key,
        valid_cfdi.cfdi_key,
        valid_cfdi.cfdi_key as source_key,
        valid_cfdi.currency_code,
        valid_cfdi.exchange_rate,
        valid_cfdi.issue_month as month_start_date,
        'billed' as clock,
        taxes.tax_name,
        valid_cfdi.revenue_sign * taxes.base_amount as base_amount,
        valid_cfdi.revenue_sign * taxes.tax_amount as tax_amount,
        false as is_estimate,
    from {{ live('fct_cfdi_tax') }} as taxes
    inner join valid_cfdi on taxes.cfdi_key = valid_cfdi.cfdi_key
    where taxes.is_withheld
    union all by name
    select
        parts.team_id,
        parts.client_key,
        parts.cfdi_key,
        parts.settlement_key as source_key,
        parts.currency_code,
        if(
            parts.payment_method_code = 'PPD',
            settlements.settlement_exchange_rate,
            valid_cfdi.exchange_rate
        ) as exchange_rate,
        parts.settlement_month as month_start_date,
        'collected' as clock,
        parts.tax_name,
        parts.base_amount,
        parts.tax_amount,
        parts.is_estimate,
    from {{ live('fct_settlement_tax') }} as parts
    inner join valid_cfdi on parts.cfdi_key = valid_cfdi.cfdi_key
    inner join {{ live('fct_invoice_settlement') }} as settlements
        on parts.settlement_key = settlements.settlement_key
    where parts.is_withheld
    union all by name
    select
        parts.team_id,
        parts.client_key,
        parts.credit_note_cfdi_key as cfdi_key,
        parts.cfdi_key as source_key,
        parts.currency_code,
        valid_cfdi.exchange_rate,
        parts.credit_note_month as month_start_date,
        'collected' as clock,
        parts.tax_name,
        -parts.collected_base_amount as base_amount,
        -parts.collected_tax_amount as tax_amount,
        false as is_estimate,
    from {{ live('fct_credit_note_tax') }} as parts
    inner join valid_cfdi on parts.credit_note_cfdi_key = valid_cfdi.cfdi_key
    where parts.is_withheld
),

-- a CFDI totals what is withheld by tax, at whatever rates: pesos are those of that total
totals as (
    select
        * exclude (base_amount, tax_amount),
        sum(base_amount) as base_amount,
        sum(tax_amount) as tax_amount,
    from parts
    group by all
),

in_pesos as (
    select
        *,
        {{ to_mxn('base_amount') }} as base_amount_mxn,
        {{ to_mxn('tax_amount') }} as tax_amount_mxn,
    from totals
),

summed as (
    select
        team_id,
        client_key,
        month_start_date,
        tax_name,
        currency_code,
        {% for clock in ['billed', 'collected'] -%}
            count(distinct cfdi_key) filter (where clock = '{{ clock }}' and tax_amount <> 0)
                as {{ clock }}_cfdi_count,
            {% for suffix in ['', '_mxn'] -%}
                {{ total('base_amount' ~ suffix, "clock = '" ~ clock ~ "'") }}
                    as base_{{ clock }}{{ suffix }},
                {{ total('tax_amount' ~ suffix, "clock = '" ~ clock ~ "'") }}
                    as withheld_{{ clock }}{{ suffix }},
            {% endfor -%}
        {% endfor -%}
        {{ total('tax_amount_mxn', 'is_estimate') }} as withheld_estimated_mxn,
        count(*) filter (where tax_amount_mxn is null) as fx_missing_count,
    from in_pesos
    group by team_id, client_key, month_start_date, tax_name, currency_code
),

-- for validation only: professional services of an individual (LISR 106, 113-J; LIVA 1-A)
expected as (
    select
        summed.*,
        teams.as_of_date,
        coalesce(clients.client_id, 'unknown') as client_id,
        coalesce(clients.client_name, 'Sin cliente') as client_name,
        try_cast(
            case
                when clients.person_type = 'fisica' then 0
                when teams.person_type <> 'fisica' or clients.person_type <> 'moral' then null
                when summed.tax_name = 'IVA' then 0.106667
                when summed.tax_name = 'ISR' and teams.tax_regime_code = '626' then 0.0125
                when summed.tax_name = 'ISR' and teams.tax_regime_code = '612' then 0.1
            end as decimal(18, 6)
        ) as expected_rate,
        {{ ratio('summed.withheld_billed', 'summed.base_billed') }} as effective_rate,
        {{ ratio('summed.withheld_collected', 'summed.base_collected') }}
            as effective_rate_collected,
    from summed
    inner join {{ ref('dim_team') }} as teams on summed.team_id = teams.team_id
    left join {{ ref('dim_client') }} as clients on summed.client_key = clients.client_key
)

select
    client_key,
    team_id,
    client_id,
    client_name,
    tax_name,
    currency_code,
    cast(billed_cfdi_count as bigint) as billed_cfdi_count,
    cast(collected_cfdi_count as bigint) as collected_cfdi_count,
    {% for amount in ['base_billed', 'withheld_billed', 'base_collected', 'withheld_collected'] -%}
        {{ money(amount) }} as {{ amount }},
        {{ money(amount ~ '_mxn') }} as {{ amount }}_mxn,
    {% endfor -%}
    {{ money('withheld_estimated_mxn') }} as withheld_estimated_mxn,
    effective_rate,
    effective_rate_collected,
    expected_rate,
    cast(fx_missing_count as bigint) as fx_missing_count,
    coalesce(abs(effective_rate - expected_rate) > 0.0001, false) as is_unexpected,
    month_start_date,
    as_of_date,
from expected
