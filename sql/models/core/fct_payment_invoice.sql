-- One row per payment and income invoice that it pays, with the part of the payment that is for it
-- (fct_allocation says how it is shared).
with allocated as (
    select
        pairs.*,
        parts.allocation_method,
        parts.source_amount as split_amount,
        parts.amount as allocated_amount,
        parts.is_at_implied_rate,
        {{ to_mxn(
            'parts.source_amount', 'pairs.payment_currency_code', 'pairs.payment_exchange_rate'
        ) }} as payment_amount_mxn,
    from {{ ref('bridge_payment_invoice') }} as pairs
    inner join {{ ref('fct_allocation') }} as parts
        on pairs.payment_key = parts.source_key and pairs.cfdi_key = parts.cfdi_key
)

select
    {{ key(['team_id', 'payment_id', 'cfdi_id']) }} as payment_invoice_key,
    payment_key,
    cfdi_key,
    client_key,
    team_id,
    payment_id,
    cfdi_id,
    link_source,
    allocation_method,
    payment_currency_code,
    currency_code,
    {{ money('split_amount') }} as payment_amount,
    {{ money('allocated_amount') }} as allocated_amount,
    payment_amount_mxn,
    -- pesos for a unit of the invoice's currency: as paid, or as agreed in the invoice
    case
        when payment_currency_code = currency_code
            then try_cast(payment_exchange_rate as decimal(18, 6))
        when is_at_implied_rate
            then {{ ratio('payment_amount_mxn', 'allocated_amount') }}
        else try_cast(exchange_rate as decimal(18, 6))
    end as settlement_exchange_rate,
    payment_currency_code <> currency_code as is_converted,
    is_at_implied_rate,
    is_in_scope,
    is_collected,
    is_money_inflow,
    is_redirected,
    is_invoice_valid,
    payment_date,
    collected_date,
    collected_at,
from allocated
