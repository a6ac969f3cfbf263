{#- What DSO and its kin are made of, and they, from the sums of a period. Not known for a business
    without credit sales: null, never 0. A mart with other grain sums again; ratios are never added. -#}
{% macro collection_sums() -%}
    {%- set sums = [
        'opening_ar', 'closing_ar', 'current_ar', 'overdue', 'over_90', 'credit_sales',
        'credit_sales_3m', 'collected', 'due', 'paid', 'paid_on_time', 'paid_tier_1',
        'paid_tier_2', 'paid_tier_3', 'paid_tier_4',
    ] -%}
    {{ return(sums) }}
{%- endmacro %}

{% macro collection_ratios(month='month_start_date') -%}
    try_cast(
        {{ share('closing_ar_mxn', days_of(month), 'credit_sales_mxn') }} as decimal(18, 2)
    ) as dso_1m,
    try_cast(
        {{ share(
            'closing_ar_mxn', days_of(month, 3), 'credit_sales_3m_mxn'
        ) }} as decimal(18, 2)
    ) as dso_3m,
    try_cast(
        {{ share('current_ar_mxn', days_of(month), 'credit_sales_mxn') }} as decimal(18, 2)
    ) as best_possible_dso,
    try_cast(
        {{ share('closing_ar_mxn', days_of(month), 'credit_sales_mxn') }}
        - {{ share('current_ar_mxn', days_of(month), 'credit_sales_mxn') }} as decimal(18, 2)
    ) as average_days_delinquent,
    case
        when opening_ar_mxn + credit_sales_mxn - current_ar_mxn > 0
            then try_cast(
                {{ share(
                    '(opening_ar_mxn + credit_sales_mxn - closing_ar_mxn)', 1,
                    '(opening_ar_mxn + credit_sales_mxn - current_ar_mxn)', 4
                ) }} as decimal(18, 4)
            )
    end as cei_pct,
    try_cast(
        {{ share('paid_days_mxn', 1, 'paid_mxn') }} as decimal(18, 2)
    ) as avg_days_to_collect,
    {{ ratio('paid_on_time_mxn', 'paid_mxn') }} as on_time_pct,
    {{ ratio('collected_mxn', 'due_mxn') }} as collected_vs_due_pct,
    {{ ratio('overdue_mxn', 'closing_ar_mxn') }} as overdue_pct,
    {{ ratio('over_90_mxn', 'closing_ar_mxn') }} as over_90_pct,
    {% for tier in [1, 2, 3, 4] -%}
    {{ ratio('paid_tier_' ~ tier ~ '_mxn', 'paid_mxn') }} as paid_tier_{{ tier }}_pct,
    {% endfor -%}
{%- endmacro %}

{#- Days of so many months that end with this one. -#}
{% macro days_of(month, months=1) -%}
    (last_day({{ month }}) - cast({{ month }} - interval {{ months - 1 }} month as date) + 1)
{%- endmacro %}
