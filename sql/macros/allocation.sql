{#- Which of the invoices that a payment or credit note names it can pay: valid ones before cancelled
    ones; those of its own currency, else those of the first invoice's. -#}
{% macro payable(relation, source_key, amount, source_currency) -%}
    select *, from (
        select
            *,
            if(
                bool_or(currency_code = {{ source_currency }}) over one_source,
                {{ source_currency }},
                first_value(currency_code) over (
                    partition by {{ source_key }} order by issue_date, cfdi_id
                )
            ) as paid_in_currency_code,
        from (
            select *, from (
                select
                    *,
                    is_valid or not bool_or(is_valid) over one_source as is_candidate,
                from {{ relation }}
                window one_source as (partition by {{ source_key }})
            )
            where is_candidate and {{ amount }} is not null
        )
        window one_source as (partition by {{ source_key }})
    )
    where currency_code = paid_in_currency_code
{%- endmacro %}

{#- The rows of a relation with `allocated_amount`: the amount of each source over its invoices in
    proportion to what is open of them (`open_amount`), and never more than that unless all of it is
    given; then the first has the rest. By their totals where nothing is open. -#}
{% macro split_capped(relation, amount, source_key) -%}
    select
        * exclude (capped_amount, weight, split_amount),
        split_amount + if(
            row_number() over (partition by {{ source_key }} order by issue_date, cfdi_id) = 1,
            {{ amount }} - capped_amount,
            0
        ) as allocated_amount,
    from (
        {{ split(
            '(' ~ _capped(relation, amount, source_key) ~ ')', 'capped_amount', 'weight',
            source_key, 'issue_date, cfdi_id', decimals_of('currency_code')
        ) | indent(8) }}
    )
{%- endmacro %}

{% macro _capped(relation, amount, source_key) -%}
    select
        *,
        if(sum(open_amount) over one_source > 0, open_amount, total) as weight,
        if(
            sum(open_amount) over one_source > 0 and invoices_count > 1,
            least({{ amount }}, sum(open_amount) over one_source),
            {{ amount }}
        ) as capped_amount,
    from {{ relation }}
    window one_source as (partition by {{ source_key }})
{%- endmacro %}
