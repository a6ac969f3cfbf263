-- One row per payment or refund of an invoice and tax of that invoice: the part of the tax that
-- was collected with it. An estimate (no complement's XML): prorated by cumulative rounding, so
-- that the parts of a paid invoice add up to its tax. Only what is in effect on the as-of day;
-- money that a credit note of the invoice gave back already is given back once.
with running as (
    select
        settlements.*,
        invoices.total,
        invoices.exchange_rate,
        {{ decimals_of('settlements.currency_code') }} as decimals,
        sum(settlements.collected_amount) over (
            partition by settlements.cfdi_key order by settlements.settlement_number
        ) as cumulative_amount,
    from {{ ref('fct_invoice_settlement') }} as settlements
    inner join {{ ref('fct_cfdi') }} as invoices on settlements.cfdi_key = invoices.cfdi_key
    where settlements.settlement_type in ('payment', 'refund') and settlements.is_effective
),

-- what is paid beyond the total is not for this invoice
bounded as (
    select
        *,
        least(greatest(cumulative_amount, 0), total) as until_now,
        least(greatest(cumulative_amount - collected_amount, 0), total) as until_before,
    from running
    where total > 0
),

parts as (
    select
        bounded.*,
        taxes.cfdi_tax_key,
        taxes.tax_name,
        taxes.tax_code,
        taxes.tax_factor,
        taxes.iva_rate_class,
        taxes.tax_rate,
        taxes.is_withheld,
        {{ settled_share(
            'taxes.base_amount', 'bounded.until_now', 'bounded.total', 'bounded.decimals'
        ) }}
        - {{ settled_share(
            'taxes.base_amount', 'bounded.until_before', 'bounded.total', 'bounded.decimals'
        ) }} as base_part,
        {{ settled_share(
            'taxes.tax_amount', 'bounded.until_now', 'bounded.total', 'bounded.decimals'
        ) }}
        - {{ settled_share(
            'taxes.tax_amount', 'bounded.until_before', 'bounded.total', 'bounded.decimals'
        ) }} as tax_part,
    from bounded
    inner join {{ ref('fct_cfdi_tax') }} as taxes on bounded.cfdi_key = taxes.cfdi_key
)

select
    {{ key(['settlement_key', 'cfdi_tax_key']) }} as settlement_tax_key,
    settlement_key,
    cfdi_tax_key,
    cfdi_key,
    client_key,
    payment_key,
    rep_cfdi_key,
    team_id,
    payment_method_code,
    evidence,
    tax_name,
    tax_code,
    tax_factor,
    iva_rate_class,
    currency_code,
    evidence_tier,
    tax_rate,
    {{ money('base_part') }} as base_amount,
    {{ money('tax_part') }} as tax_amount,
    {{ to_mxn('base_part') }} as base_amount_mxn,
    {{ to_mxn('tax_part') }} as tax_amount_mxn,
    {{ to_mxn('base_part', 'currency_code', 'settlement_exchange_rate') }}
        as base_at_payment_rate_mxn,
    {{ to_mxn('tax_part', 'currency_code', 'settlement_exchange_rate') }}
        as tax_at_payment_rate_mxn,
    is_withheld,
    true as is_estimate,
    true as is_in_scope,
    settlement_date,
    settlement_month,
from parts
