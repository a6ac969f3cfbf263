-- One row per line of a stamped invoice or credit note, and one per document (header) for what
-- belongs to it as a whole: discount, tax, refund and rounding. The 37 columns that Fivetran's
-- billing packages share; amounts of credit notes are negative, in the document's currency.
with documents as (
    select
        documents.*,
        coalesce(clients.client_id, 'unknown') as customer_id,
        clients.created_at as customer_created_at,
        coalesce(clients.client_name, 'Sin cliente') as customer_name,
        listed.company as customer_company,
        listed.email as customer_email,
        listed.address_city as customer_city,
        listed.address_country as customer_country,
    from {{ live('fct_cfdi') }} as documents
    left join {{ ref('dim_client') }} as clients on documents.client_key = clients.client_key
    left join {{ ref('stg_clients') }} as listed
        on clients.team_id = listed.team_id and clients.client_id = listed.client_id
    where documents.is_stamped and documents.revenue_sign <> 0
),

-- the last payment stands for all of them, as in the other packages
payments as (
    select
        pairs.cfdi_key,
        arg_max(pairs.payment_id, (payments.succeeded_at, pairs.payment_id)) as payment_id,
        arg_max(payments.payment_form_code, (payments.succeeded_at, pairs.payment_id))
            as payment_method_id,
        max(payments.succeeded_at) as payment_at,
    from {{ live('fct_payment_invoice') }} as pairs
    inner join {{ live('fct_payment') }} as payments on pairs.payment_key = payments.payment_key
    where pairs.is_collected
    group by pairs.cfdi_key
),

refunds as (
    select
        cfdi_key,
        sum(allocated_amount) as refund_amount,
    from {{ live('fct_refund_invoice') }}
    group by cfdi_key
),

shared as (
    select
        documents.cfdi_key,
        documents.revenue_sign,
        documents.net_amount,
        documents.discount,
        documents.transferred_taxes - documents.withheld_taxes + documents.local_taxes
            as tax_amount,
        refunds.refund_amount,
        coalesce(documents.uuid, documents.cfdi_id) as header_id,
        documents.created_at,
        documents.currency_code as currency,
        documents.status as header_status,
        if(documents.cfdi_type_code = 'E', 'credit_note', 'invoice') as transaction_type,
        'one_time' as billing_type,
        payments.payment_id,
        payments.payment_method_id,
        forms.description_es as payment_method,
        payments.payment_at,
        documents.customer_id,
        documents.customer_created_at,
        documents.customer_name,
        documents.customer_company,
        documents.customer_email,
        documents.customer_city,
        documents.customer_country,
        documents.team_id as source_relation,
    from documents
    left join payments on documents.cfdi_key = payments.cfdi_key
    left join refunds on documents.cfdi_key = refunds.cfdi_key
    left join {{ ref('dim_payment_form') }} as forms
        on payments.payment_method_id = forms.payment_form_code
),

lines as (
    select *, from {{ live('fct_cfdi_line') }}
),

line_totals as (
    select
        cfdi_key,
        sum(net_amount) as lines_net_amount,
    from lines
    group by cfdi_key
),

records as (
    select
        shared.*,
        lines.cfdi_line_key as line_item_id,
        lines.line_number as line_item_index,
        'line_item' as record_type,
        lines.service_id as product_id,
        lines.description as product_name,
        lines.product_code as product_type,
        lines.quantity,
        lines.unit_price as unit_amount,
        null as discount_part,
        null as tax_part,
        null as refund_part,
        shared.revenue_sign * lines.net_amount as total_amount,
    from shared
    inner join lines on shared.cfdi_key = lines.cfdi_key
    union all by name
    select
        shared.*,
        0 as line_item_index,
        'header' as record_type,
        shared.revenue_sign * shared.discount as discount_part,
        shared.revenue_sign * shared.tax_amount as tax_part,
        shared.revenue_sign * shared.refund_amount as refund_part,
        shared.revenue_sign
        * (shared.net_amount + shared.tax_amount - coalesce(line_totals.lines_net_amount, 0))
            as total_amount,
    from shared
    left join line_totals on shared.cfdi_key = line_totals.cfdi_key
)

select
    header_id,
    line_item_id,
    cast(line_item_index as integer) as line_item_index,
    record_type,
    created_at,
    currency,
    header_status,
    product_id,
    product_name,
    transaction_type,
    billing_type,
    product_type,
    quantity,
    unit_amount,
    {{ money('discount_part') }} as discount_amount,
    {{ money('tax_part') }} as tax_amount,
    try_cast(total_amount as decimal(18, 6)) as total_amount,
    payment_id,
    payment_method_id,
    payment_method,
    payment_at,
    cast(null as decimal(18, 2)) as fee_amount,
    {{ money('refund_part') }} as refund_amount,
    cast(null as varchar) as subscription_id,
    cast(null as varchar) as subscription_plan,
    cast(null as timestamptz) as subscription_period_started_at,
    cast(null as timestamptz) as subscription_period_ended_at,
    cast(null as varchar) as subscription_status,
    customer_id,
    customer_created_at,
    'customer' as customer_level,
    customer_name,
    customer_company,
    customer_email,
    customer_city,
    customer_country,
    source_relation,
from records
