-- One row per team, month of issue, currency, service, SAT key of product and unit, and own code
-- (sku): what was sold, from the lines of valid invoices; credit notes beside it.
with lines as (
    select
        invoices.team_id,
        invoices.issue_month,
        invoices.currency_code,
        invoices.cfdi_key,
        invoices.cfdi_type_code,
        invoices.exchange_rate,
        invoices.is_fx_missing,
        lines.service_key,
        {{ code('lines.product_code') }} as product_code,
        {{ code('lines.unit_code') }} as unit_code,
        coalesce(lines.sku, '') as sku,
        lines.description,
        lines.quantity,
        -- of prices with tax inside, the discount without it
        lines.net_amount,
        lines.net_amount_mxn,
        case
            when lines.gross_amount = lines.discount then 0
            else {{ share(
                'lines.net_amount', 'lines.discount', '(lines.gross_amount - lines.discount)', 6
            ) }}
        end as discount,
    from {{ live('fct_cfdi_line') }} as lines
    inner join {{ live('fct_cfdi') }} as invoices on lines.cfdi_key = invoices.cfdi_key
    where invoices.is_valid and invoices.cfdi_type_code in ('I', 'E')
),

sums as (
    select
        team_id,
        issue_month,
        currency_code,
        service_key,
        product_code,
        unit_code,
        sku,
        mode(description) as description,
        count(distinct cfdi_key) filter (cfdi_type_code = 'I') as invoices_count,
        count(*) filter (cfdi_type_code = 'I') as lines_count,
        count(*) filter (is_fx_missing) as fx_missing_count,
        {{ total('quantity', "cfdi_type_code = 'I'") }} as quantity,
        {{ total('net_amount', "cfdi_type_code = 'I'") }} as line_net,
        {{ total('net_amount_mxn', "cfdi_type_code = 'I'") }} as line_net_mxn,
        {{ total('discount', "cfdi_type_code = 'I'") }} as discount,
        {{ total('net_amount', "cfdi_type_code = 'E'") }} as credit_notes_net,
        {{ total('net_amount_mxn', "cfdi_type_code = 'E'") }} as credit_notes_net_mxn,
    from lines
    group by all
)

select
    sums.service_key,
    sums.team_id,
    services.service_id,
    sums.currency_code,
    sums.product_code,
    sums.unit_code,
    sums.sku,
    if(sums.service_key = 'unknown', sums.description, services.description) as description,
    cast(sums.invoices_count as bigint) as invoices_count,
    cast(sums.lines_count as bigint) as lines_count,
    cast(sums.fx_missing_count as bigint) as fx_missing_count,
    try_cast(sums.quantity as decimal(18, 6)) as quantity,
    try_cast(sums.line_net as decimal(18, 6)) as line_net,
    try_cast(sums.line_net_mxn as decimal(18, 6)) as line_net_mxn,
    try_cast(sums.credit_notes_net as decimal(18, 6)) as credit_notes_net,
    try_cast(sums.credit_notes_net_mxn as decimal(18, 6)) as credit_notes_net_mxn,
    try_cast(sums.line_net - sums.credit_notes_net as decimal(18, 6)) as net_sales,
    try_cast(sums.line_net_mxn - sums.credit_notes_net_mxn as decimal(18, 6)) as net_sales_mxn,
    try_cast(sums.discount as decimal(18, 6)) as discount,
    {{ ratio('sums.line_net', 'sums.quantity') }} as avg_unit_price,
    {{ ratio('sums.discount', '(sums.line_net + sums.discount)') }} as discount_pct,
    sums.issue_month,
from sums
left join {{ ref('dim_service') }} as services on sums.service_key = services.service_key
