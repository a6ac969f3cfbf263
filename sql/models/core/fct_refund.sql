-- One row per refund of a payment; a refunded payment that lists none counts as refunded whole.
-- Its amount is its own, else that of its items with their taxes, else what is left of a payment
-- that says it is refunded; else unknown, and added nowhere.
with listed as (
    select
        refunds.*,
        payments.status as payment_status,
        payments.updated_date,
        payments.updated_at,
    from {{ ref('stg_payment_refunds') }} as refunds
    inner join {{ ref('stg_payments') }} as payments
        on refunds.team_id = payments.team_id and refunds.payment_id = payments.payment_id
    -- one refund, however often it is listed
    qualify
        refunds.refund_id is null
        or row_number() over (
            partition by refunds.team_id, refunds.payment_id, refunds.refund_id
            order by refunds.refund_number
        ) = 1
),

items as (
    select
        team_id,
        payment_id,
        refund_number,
        unnest(cast(items as json[])) as item,
    from listed
    where amount is null and json_type(items) = 'ARRAY'
),

priced as (
    select
        team_id,
        payment_id,
        refund_number,
        try_cast(item ->> '$.quantity' as decimal(18, 6)) as quantity,
        try_cast(item ->> '$.quantity' as decimal(18, 6))
        * try_cast(item ->> '$.unit_price' as decimal(18, 6))
        - coalesce(try_cast(item ->> '$.discount' as decimal(18, 6)), 0) as net,
        if(json_type(item, '$.taxes') = 'ARRAY', cast(item -> '$.taxes' as json[]), []) as taxes,
    from items
),

charged as (
    select
        *,
        list_sum(list_transform(
            taxes,
            lambda tax: case
                when coalesce(cast(tax ->> '$.inclusive' as boolean), false) then 0
                else
                    if(coalesce(cast(tax ->> '$.withholding' as boolean), false), -1, 1)
                    * case lower(coalesce(tax ->> '$.factor', 'tasa'))
                        when 'exento' then 0
                        when 'cuota' then quantity
                        else net
                    end * coalesce(try_cast(tax ->> '$.rate' as decimal(9, 6)), 0)
            end
        )) as taxed,
    from priced
),

of_items as (
    select
        team_id,
        payment_id,
        refund_number,
        if(bool_and(net is not null), sum(net + coalesce(taxed, 0)), null) as amount,
    from charged
    group by team_id, payment_id, refund_number
),

refunds as (
    select
        listed.team_id,
        listed.payment_id,
        listed.refund_number,
        listed.refund_id,
        listed.status,
        listed.status_raw,
        listed.reason,
        listed.currency_code,
        coalesce(listed.amount, of_items.amount) as own_amount,
        case
            when listed.amount is not null then 'amount'
            when of_items.amount is not null then 'items'
        end as own_source,
        listed.payment_status = 'refunded' as is_payment_refunded,
        coalesce(listed.created_date, listed.updated_date) as refund_date,
        coalesce(listed.created_at, listed.updated_at) as refunded_at,
        'listed' as refund_source,
    from listed
    left join of_items
        on
            listed.team_id = of_items.team_id
            and listed.payment_id = of_items.payment_id
            and listed.refund_number = of_items.refund_number
    union all by name
    select
        payments.team_id,
        payments.payment_id,
        1 as refund_number,
        payments.status,
        payments.status_raw,
        payments.updated_date as refund_date,
        payments.updated_at as refunded_at,
        true as is_payment_refunded,
        'inferred' as refund_source,
    from {{ ref('stg_payments') }} as payments
    anti join {{ ref('stg_payment_refunds') }} as listed
        on payments.team_id = listed.team_id and payments.payment_id = listed.payment_id
    where payments.status = 'refunded'
),

-- in the payment's currency, at the payment's rate
valued as (
    select
        refunds.*,
        payments.payment_key,
        payments.client_key,
        payments.amount as whole_amount,
        payments.currency_code as payment_currency_code,
        payments.exchange_rate as payment_exchange_rate,
        payments.as_of_date,
        payments.is_in_scope,
        payments.is_money_inflow,
        payments.is_collected
        and refunds.refund_date <= payments.as_of_date
        and coalesce(refunds.status, 'succeeded') not in ('pending', 'failed', 'cancelled')
            as is_effective,
        case
            when coalesce(refunds.currency_code, payments.currency_code) = payments.currency_code
                then {{ rounded('refunds.own_amount', decimals_of('payments.currency_code')) }}
            when refunds.currency_code = 'MXN'
                then {{ share(
                    'refunds.own_amount', '1', 'payments.exchange_rate',
                    decimals_of('payments.currency_code')
                ) }}
        end as known_amount,
    from refunds
    inner join {{ ref('fct_payment') }} as payments
        on refunds.team_id = payments.team_id and refunds.payment_id = payments.payment_id
),

-- the one refund of a refunded payment that says no amount gave back what the others leave
completed as (
    select
        *,
        case
            when own_source is not null then known_amount
            when
                is_payment_refunded
                and count(*) filter (where own_source is null and is_effective) over one_payment = 1
                and count(*) filter (
                    where own_source is not null and known_amount is null and is_effective
                ) over one_payment = 0
                then greatest(
                    whole_amount
                    - coalesce(sum(known_amount) filter (where is_effective) over one_payment, 0),
                    0
                )
        end as payment_amount,
    from valued
    window one_payment as (partition by payment_key)
),

-- together they never take more than there was
bounded as (
    select
        * replace (
            if(
                is_effective and payment_amount is not null,
                least(
                    payment_amount,
                    greatest(whole_amount - coalesce(sum(payment_amount) over earlier, 0), 0)
                ),
                payment_amount
            ) as payment_amount
        ),
        coalesce(
            own_source, if(payment_amount is not null, 'payment', 'unknown')
        ) as refund_amount_source,
    from completed
    window
        earlier as (
            partition by payment_key, is_effective
            order by refunded_at, refund_number
            rows between unbounded preceding and 1 preceding
        )
)

select
    {{ key(['team_id', 'payment_id', 'refund_number']) }} as refund_key,
    payment_key,
    client_key,
    team_id,
    payment_id,
    refund_id,
    coalesce(status, 'unknown') as status,
    status_raw,
    reason,
    payment_currency_code as currency_code,
    coalesce(currency_code, payment_currency_code) as refund_currency_code,
    refund_source,
    refund_amount_source,
    cast(refund_number as integer) as refund_number,
    {{ money('payment_amount') }} as amount,
    case
        when
            coalesce(currency_code, payment_currency_code) = 'MXN'
            and payment_amount = known_amount
            then {{ money('own_amount') }}
        else {{ to_mxn('payment_amount', 'payment_currency_code', 'payment_exchange_rate') }}
    end as amount_mxn,
    is_in_scope,
    is_effective,
    is_money_inflow,
    refund_date,
    {{ month_of('refund_date') }} as refund_month,
    as_of_date,
    refunded_at,
from bounded
