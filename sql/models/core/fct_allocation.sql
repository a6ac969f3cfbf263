-- One row per payment or credit note and income invoice that it settles, with its part: what is
-- for one invoice goes to it whole, what is for several is shared by what each had open then. Each
-- shared payment or note is split after those before it, in the order of time (level by level):
--   0 as its complements say, which name it and one invoice each
--   1 what is open of invoices in its own currency, 2 in others, 3 what was settled, 4 the rest
-- What goes beyond that is open (3, 4) gives back what was paid, or is the client's credit.
with recursive sources as (
    select
        'payment' as source_type,
        payment_key as source_key,
        payment_id as source_id,
        payment_date as source_date,
        payment_currency_code as source_currency_code,
        payment_exchange_rate as source_exchange_rate,
        payment_amount as source_amount,
        is_collected and is_in_scope as does_count,
        cfdi_key,
        team_id,
        cfdi_id,
        currency_code,
        exchange_rate,
        total,
        last_balance,
        issue_date,
        converted_amount,
        invoices_count,
    from {{ ref('bridge_payment_invoice') }}
    union all by name
    select
        'credit_note' as source_type,
        credit_note_cfdi_key as source_key,
        credit_note_id as source_id,
        credit_note_date as source_date,
        note_currency_code as source_currency_code,
        note_exchange_rate as source_exchange_rate,
        note_total as source_amount,
        is_note_valid as does_count,
        cfdi_key,
        team_id,
        cfdi_id,
        currency_code,
        exchange_rate,
        total,
        issue_date,
        converted_amount,
        invoices_count,
    from {{ ref('bridge_credit_note_invoice') }}
),

things as (
    select
        *,
        {{ decimals_of('source_currency_code') }} as decimals,
        currency_code = source_currency_code as is_same_currency,
        converted_amount is not null
        and (invoices_count > 1 or currency_code <> source_currency_code) as is_shared,
        {{ in_other_currency(
            'total', 'currency_code', 'exchange_rate',
            'source_currency_code', 'source_exchange_rate'
        ) }} as whole_amount,
    from sources
),

-- what settles an invoice alone, by day; a refund of it takes back
alone as (
    select
        cfdi_key,
        source_type,
        source_date,
        source_id,
        converted_amount as amount,
    from things
    where not is_shared and does_count and converted_amount is not null
    union all by name
    select
        things.cfdi_key,
        'payment' as source_type,
        refunds.refund_date as source_date,
        things.source_id,
        -refunds.amount as amount,
    from things
    inner join {{ ref('fct_refund') }} as refunds on things.source_key = refunds.payment_key
    where
        not things.is_shared and things.does_count and things.converted_amount is not null
        and refunds.is_effective
),

told as (
    select
        told.*,
        invoices.currency_code,
    from {{ ref('bridge_rep_invoice') }} as told
    inner join {{ ref('fct_cfdi') }} as invoices on told.cfdi_key = invoices.cfdi_key
    where told.is_effective and told.told_amount is not null
),

told_of_payment as (
    select
        payment_key,
        cfdi_key,
        rep_currency_code,
        sum(told_amount) as told_amount,
    from told
    where payment_key is not null
    group by payment_key, cfdi_key, rep_currency_code
),

settled_alone as (
    select
        shared.source_key,
        shared.cfdi_key,
        sum(alone.amount) filter (where alone.source_type = 'payment') as paid,
        sum(alone.amount) filter (
            where alone.source_type = 'credit_note'
            and (
                shared.source_type = 'payment'
                or (alone.source_date, alone.source_id) < (shared.source_date, shared.source_id)
            )
        ) as credited,
    from things as shared
    inner join alone
        on shared.cfdi_key = alone.cfdi_key and shared.source_date >= alone.source_date
    where shared.is_shared
    group by shared.source_key, shared.cfdi_key
),

-- other complements, that is: those of this payment tell its own parts
told_until as (
    select
        shared.source_key,
        shared.cfdi_key,
        sum(told.told_amount) as told,
    from things as shared
    inner join told
        on
            shared.cfdi_key = told.cfdi_key
            and shared.currency_code = told.rep_currency_code
            and shared.source_date >= told.told_date
            and shared.source_key is distinct from told.payment_key
    where shared.is_shared
    group by shared.source_key, shared.cfdi_key
),

shared as (
    select
        things.*,
        coalesce(settled_alone.paid, 0) as paid_alone,
        coalesce(settled_alone.credited, 0) as credited_alone,
        coalesce(told_until.told, 0) as told,
        if(things.invoices_count > 1, coalesce(told_of_payment.told_amount, 0), 0) as told_part,
        count(*) filter (not things.is_same_currency) over (partition by things.source_key)
            as foreign_count,
        lag(things.source_key) over (
            partition by things.cfdi_key
            order by things.source_date, things.source_type = 'credit_note', things.source_id
        ) as after_source_key,
    from things
    left join settled_alone
        on
            things.source_key = settled_alone.source_key
            and things.cfdi_key = settled_alone.cfdi_key
    left join told_until
        on things.source_key = told_until.source_key and things.cfdi_key = told_until.cfdi_key
    left join told_of_payment
        on
            things.source_key = told_of_payment.payment_key
            and things.cfdi_key = told_of_payment.cfdi_key
            and things.source_currency_code = told_of_payment.rep_currency_code
    where things.is_shared
),

parts (
    source_key, cfdi_key, source_type, does_count, given, amount, is_at_implied_rate
){{ using_key(['source_key', 'cfdi_key']) }} as (
    select
        '' as source_key,
        '' as cfdi_key,
        '' as source_type,
        false as does_count,
        cast(0 as decimal(18, 6)) as given,
        cast(0 as decimal(18, 6)) as amount,
        false as is_at_implied_rate,
    union
    (
        with done as (
            select distinct source_key, from recurring.parts
        ),

        waiting as (
            select shared.source_key,
            from shared
            anti join done on shared.after_source_key = done.source_key
            where shared.after_source_key is not null
        ),

        settled as (
            select
                cfdi_key,
                sum(amount) filter (where source_type = 'payment') as paid,
                sum(amount) filter (where source_type = 'credit_note') as credited,
            from recurring.parts
            where does_count
            group by cfdi_key
        ),

        open_invoices as (
            select
                shared.*,
                greatest(
                    shared.total
                    - greatest(shared.paid_alone + coalesce(settled.paid, 0), shared.told)
                    - shared.credited_alone - coalesce(settled.credited, 0),
                    0
                ) as open_amount,
            from shared
            anti join done on shared.source_key = done.source_key
            anti join waiting on shared.source_key = waiting.source_key
            left join settled on shared.cfdi_key = settled.cfdi_key
        ),

        valued as (
            select
                *,
                least({{ in_other_currency(
                    'open_amount', 'currency_code', 'exchange_rate',
                    'source_currency_code', 'source_exchange_rate'
                ) }}, whole_amount) as open_in_source,
            from open_invoices
        ),

        with_told as (
            select
                *,
                least(told_part, open_in_source) as told_in_source,
            from valued
        ),

        levels as (
            select
                *,
                unnest([0, 1, 3, 4]) as place,
                if(place = 1 and not is_same_currency, 2, place) as level,
                case place
                    when 0 then told_in_source
                    when 1
                        then if(
                            source_type = 'payment' and not is_same_currency
                            and invoices_count > 1 and foreign_count = 1,
                            source_amount,
                            open_in_source - told_in_source
                        )
                    when 3 then whole_amount - open_in_source
                    else whole_amount
                end as capacity,
            from with_told
        ),

        flowing as (
            select
                *,
                sum(if(level < 4, capacity, 0)) over (
                    partition by source_key
                    order by level range between unbounded preceding and current row
                ) as until_here,
                sum(if(level < 4, capacity, 0)) over (partition by source_key, level)
                    as of_level,
            from levels
        ),

        reached as (
            select
                *,
                greatest(
                    if(
                        level < 4,
                        least(source_amount - (until_here - of_level), of_level),
                        source_amount - until_here
                    ),
                    0
                ) as level_amount,
            from flowing
        ),

        split_levels as (
            {{ split(
                'reached', 'level_amount', 'capacity', 'source_key, level',
                'issue_date, cfdi_id', 'decimals'
            ) | indent(12) }}
        ),

        given as (
            select
                source_key,
                cfdi_key,
                any_value(columns(
                    * exclude (
                        source_key, cfdi_key, place, level, capacity, split_amount,
                        until_here, of_level, level_amount
                    )
                )),
                sum(split_amount) filter (where level < 3) as toward,
                sum(split_amount) as given,
            from split_levels
            group by source_key, cfdi_key
        ),

        converted as (
            select
                *,
                {{ in_other_currency(
                    'toward', 'source_currency_code', 'source_exchange_rate',
                    'currency_code', 'exchange_rate'
                ) }} as toward_amount,
                {{ in_other_currency(
                    '(given - toward)', 'source_currency_code', 'source_exchange_rate',
                    'currency_code', 'exchange_rate'
                ) }} as beyond_amount,
            from given
        ),

        -- money in another currency that comes near what is open, and beyond it or by the API's
        -- own word to the end, is for just that: the rest is an exchange difference
        exchanged as (
            select
                *,
                toward_amount + if(invoices_count = 1, beyond_amount, 0) as worth,
                coalesce(
                    source_type = 'payment' and not is_same_currency and open_amount > 0
                    and (invoices_count = 1 or foreign_count = 1 or toward >= open_in_source)
                    and 4 * abs(worth - open_amount) <= open_amount
                    and (worth > open_amount or coalesce(abs(last_balance) <= 0.01, false)),
                    false
                ) as is_at_implied_rate,
            from converted
        )

        select
            source_key,
            cfdi_key,
            source_type,
            does_count,
            cast(given as decimal(18, 6)) as given,
            cast(
                if(is_at_implied_rate, open_amount, toward_amount)
                + if(is_at_implied_rate and invoices_count = 1, 0, beyond_amount)
                as decimal(18, 6)
            ) as amount,
            is_at_implied_rate,
        from exchanged
    )
)

select
    things.source_type,
    things.source_key,
    things.cfdi_key,
    things.team_id,
    things.invoices_count,
    if(things.invoices_count = 1, 'single', 'prorata') as allocation_method,
    try_cast(if(things.is_shared, parts.given, things.source_amount) as decimal(18, 6))
        as source_amount,
    try_cast(if(things.is_shared, parts.amount, things.converted_amount) as decimal(18, 6))
        as amount,
    coalesce(parts.is_at_implied_rate, false) as is_at_implied_rate,
from things
left join parts on things.source_key = parts.source_key and things.cfdi_key = parts.cfdi_key
