{#- DECIMAL / anything is DOUBLE in DuckDB, so all division here is that of whole numbers.
    An amount that its column cannot hold is null: one odd document must not end the build of all. -#}

{% macro money(expression) -%}
    try_cast({{ expression }} as decimal(18, 2))
{%- endmacro %}

{#- Millionths as a whole number; null from five billions of thousands on, whose products would not
    fit. The width is stated wherever decimals are multiplied: DuckDB keeps DECIMAL(18) while it can,
    and then fails from a million pesos on. -#}
{% macro millionths(amount) -%}
    cast(
        if(abs({{ amount }}) < 5000000000000, cast({{ amount }} as decimal(38, 6)), null)
        * 1000000 as hugeint
    )
{%- endmacro %}

{#- What remains of millionths after rounding to so many decimals: 10000 for 2. -#}
{% macro millionths_of_unit(decimals) -%}
    cast([1000000, 100000, 10000, 1000, 100, 10, 1][{{ decimals }} + 1] as hugeint)
{%- endmacro %}

{#- amount * part / whole, rounded half away from zero to `decimals` (0 to 6), exactly.
    Null when the whole is zero. Amount and part may be negative; the whole is positive. -#}
{% macro share(amount, part, whole, decimals=2) -%}
    try_cast(
        try_cast(
            sign({{ amount }}) * sign({{ part }})
            * (
                (
                    2 * abs({{ millionths(amount) }}) * abs({{ millionths(part) }})
                    + nullif({{ millionths(whole) }}, 0) * {{ millionths_of_unit(decimals) }}
                ) // (2 * nullif({{ millionths(whole) }}, 0) * {{ millionths_of_unit(decimals) }})
            ) * {{ millionths_of_unit(decimals) }}
            as decimal(18, 0)
        ) * 0.000001 as decimal(18, 6)
    )
{%- endmacro %}

{#- What falls to a part when `before` of the whole was settled already, by cumulative rounding:
    the shares of all parts add up to the amount. -#}
{% macro next_share(amount, part, before, whole, decimals=2) -%}
    (
        {{ share(amount, '(' ~ before ~ ' + ' ~ part ~ ')', whole, decimals) }}
        - {{ share(amount, before, whole, decimals) }}
    )
{%- endmacro %}

{#- The share of an amount, itself rounded already, when so much of the whole is settled. Most
    invoices are paid at once: only the others are divided, which is slow. -#}
{% macro settled_share(amount, settled, whole, decimals) -%}
    case
        when {{ settled }} = 0 then 0
        when {{ settled }} = {{ whole }} then {{ amount }}
        else {{ share(amount, settled, whole, decimals) }}
    end
{%- endmacro %}

{#- A ratio as a fraction with six decimals; null when there is nothing to divide by. Both signs. -#}
{% macro ratio(numerator, denominator) -%}
    (
        sign({{ denominator }})
        * {{ share(numerator, 1, 'abs(' ~ denominator ~ ')', 6) }}
    )
{%- endmacro %}

{#- A sum that is 0 of no rows, and unknown where there are rows and all of them are unknown. -#}
{% macro total(expression, where='true') -%}
    if(
        count(*) filter (where {{ where }}) = 0,
        0,
        sum({{ expression }}) filter (where {{ where }})
    )
{%- endmacro %}

{#- A figure of a row joined from the left: 0 where there is none, unknown where the row says so. -#}
{% macro joined(figure, row_key) -%}
    if({{ row_key }} is null, 0, {{ figure }})
{%- endmacro %}

{#- Pesos at the rate that the document carries. A missing rate gives null, never a guess. -#}
{% macro to_mxn(amount, currency='currency_code', rate='exchange_rate', decimals=2) -%}
    try_cast(
        case
            when {{ currency }} = 'MXN' then round({{ amount }}, {{ decimals }})
            when {{ rate }} > 0
                then round(
                    cast({{ amount }} as decimal(38, 6)) * try_cast({{ rate }} as decimal(18, 6)),
                    {{ decimals }}
                )
        end as decimal(18, {{ decimals }})
    )
{%- endmacro %}

{#- The rows of a relation with `split_amount`: the amount of each partition over its rows in
    proportion to a weight, by largest remainder, so that they add up to it exactly. Equal parts
    where all weights are zero, unknown ones where a weight is. Amount and weight are not negative; `order_by` breaks ties. -#}
{% macro split(relation, amount, weight, partition_by, order_by, decimals=2) -%}
    select
        * exclude (split_units, split_weight, split_weights, split_floor, split_rest),
        try_cast(
            try_cast(
                (
                    split_floor
                    + case
                        when row_number() over (
                            partition by {{ partition_by }}
                            order by split_rest desc, {{ order_by }}
                        ) <= split_units - sum(split_floor) over (partition by {{ partition_by }})
                            then 1
                        else 0
                    end
                ) * {{ millionths_of_unit(decimals) }} as decimal(18, 0)
            ) * 0.000001 as decimal(18, 6)
        ) as split_amount,
    from (
        select
            *,
            split_units * split_weight // split_weights as split_floor,
            split_units * split_weight % split_weights as split_rest,
        from (
            select
                *,
                case
                    when
                        count(split_weight) over (partition by {{ partition_by }})
                        = count(*) over (partition by {{ partition_by }})
                        then cast(
                            sum(split_weight) over (partition by {{ partition_by }}) as hugeint
                        )
                end as split_weights,
            from (
                select
                    *,
                    {{ millionths(amount) }} // {{ millionths_of_unit(decimals) }} as split_units,
                    case
                        when sum({{ weight }}) over (partition by {{ partition_by }}) > 0
                            then {{ millionths(weight) }}
                        else 1
                    end as split_weight,
                from {{ relation }}
            )
        )
    )
{%- endmacro %}

{#- Decimals of a currency: all have two, but for these (c_Moneda; a test compares). -#}
{% macro decimals_of(currency) -%}
    if({{ currency }} in ('JPY', 'CLP', 'XXX'), 0, 2)
{%- endmacro %}

{#- Rounded half away from zero to a number of decimals that is a column. DuckDB's own round takes
    a constant, and branches of different scale would meet at the smallest: each is cast. -#}
{% macro rounded(amount, decimals) -%}
    case {{ decimals }}
        when 0 then try_cast(round({{ amount }}, 0) as decimal(18, 6))
        else try_cast(round({{ amount }}, 2) as decimal(18, 6))
    end
{%- endmacro %}

{#- An amount in the currency of another document, by the two documents' own rates; null when one of
    them is missing. The same currency is never converted. -#}
{% macro in_other_currency(amount, currency, rate, other_currency, other_rate) -%}
    case
        when {{ currency }} = {{ other_currency }} then {{ amount }}
        else {{ share(amount, rate, other_rate, decimals_of(other_currency)) }}
    end
{%- endmacro %}
