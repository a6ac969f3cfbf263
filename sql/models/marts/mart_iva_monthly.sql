-- One row per team, month, class of IVA rate, basis and currency: IVA transferred to clients,
-- billed, collected by one of two clocks (basis), and not collected yet. Billed and pending are the
-- same under both: choose one basis, never add them.
{% set evidences = ['rep_xml', 'rep_api', 'payment', 'balance', 'cfdi'] %}
{% set steps = ['billed_ppd', 'collected_ppd', 'credit_notes', 'cancelled'] %}
with valid_cfdi as (
    select *, from {{ live('fct_cfdi') }}
    where is_valid
),

document_taxes as (
    select
        valid_cfdi.cfdi_key,
        valid_cfdi.team_id,
        valid_cfdi.cfdi_type_code,
        valid_cfdi.payment_method_code,
        valid_cfdi.currency_code,
        valid_cfdi.issue_month,
        valid_cfdi.revenue_sign,
        taxes.iva_rate_class,
        taxes.base_amount,
        taxes.tax_amount,
        taxes.base_amount_mxn,
        taxes.tax_amount_mxn,
    from {{ live('fct_cfdi_tax') }} as taxes
    inner join valid_cfdi on taxes.cfdi_key = valid_cfdi.cfdi_key
    where taxes.iva_rate_class is not null
),

billed as (
    select
        team_id,
        issue_month as month_start_date,
        iva_rate_class,
        currency_code,
        count(distinct cfdi_key) as cfdi_count,
        sum(revenue_sign * base_amount) as base_billed,
        sum(revenue_sign * tax_amount) as iva_billed,
        sum(revenue_sign * base_amount_mxn) as base_billed_mxn,
        sum(revenue_sign * tax_amount_mxn) as iva_billed_mxn,
        count(distinct if(tax_amount_mxn is null, cfdi_key, null)) as fx_missing_count,
    from document_taxes
    group by team_id, issue_month, iva_rate_class, currency_code
),

-- money that came in: for PPD at the rate of the payment, for PUE at that of the invoice
payments as (
    select
        parts.team_id,
        parts.settlement_month as month_start_date,
        parts.iva_rate_class,
        parts.currency_code,
        parts.payment_method_code = 'PPD' as is_ppd,
        parts.evidence,
        parts.is_estimate,
        parts.base_amount,
        parts.tax_amount,
        if(
            parts.payment_method_code = 'PPD', parts.base_at_payment_rate_mxn, parts.base_amount_mxn
        ) as base_amount_mxn,
        if(
            parts.payment_method_code = 'PPD', parts.tax_at_payment_rate_mxn, parts.tax_amount_mxn
        ) as tax_amount_mxn,
    from {{ live('fct_settlement_tax') }} as parts
    semi join valid_cfdi on parts.cfdi_key = valid_cfdi.cfdi_key
    where parts.iva_rate_class is not null
),

-- SAT prefills what is paid in one exhibition in the month of its issue
paid_at_issue as (
    select
        *,
        issue_month as month_start_date,
        'cfdi' as evidence,
        false as is_estimate,
    from document_taxes
    where cfdi_type_code = 'I' and payment_method_code <> 'PPD'
),

-- nobody can say when it came in where no payment is recorded
silent as (
    select
        paid_at_issue.* replace (
            'payment' as evidence,
            true as is_estimate,
            null as base_amount,
            null as tax_amount,
            null as base_amount_mxn,
            null as tax_amount_mxn
        ),
        true as is_silent,
    from paid_at_issue
    inner join {{ ref('dim_team') }} as teams
        on paid_at_issue.team_id = teams.team_id and not teams.has_payments
),

notes as (
    select
        *,
        credit_note_month as month_start_date,
        'cfdi' as evidence,
        false as is_estimate,
    from {{ live('fct_credit_note_tax') }}
    where iva_rate_class is not null
),

given_back as (
    select
        * replace (
            -collected_base_amount as base_amount,
            -collected_tax_amount as tax_amount,
            -collected_base_amount_mxn as base_amount_mxn,
            -collected_tax_amount_mxn as tax_amount_mxn
        ),
    from notes
),

given_back_at_issue as (
    select
        * replace (
            -base_amount as base_amount,
            -tax_amount as tax_amount,
            -base_amount_mxn as base_amount_mxn,
            -tax_amount_mxn as tax_amount_mxn
        ),
    from notes
    where payment_method_code <> 'PPD' and cfdi_key <> 'unknown'
),

-- notes that relate to no invoice (discounts on later sales): nobody can say what they give back
unrelated as (
    select
        team_id,
        month_start_date,
        iva_rate_class,
        currency_code,
        sum(base_amount) as base_amount,
        sum(tax_amount) as tax_amount,
        sum(base_amount_mxn) as base_amount_mxn,
        sum(tax_amount_mxn) as tax_amount_mxn,
    from notes
    where cfdi_key = 'unknown'
    group by team_id, month_start_date, iva_rate_class, currency_code
),

parts as (
    select
        'cash' as basis,
        *,
    from payments
    union all by name
    select
        'cash' as basis,
        *,
    from given_back
    union all by name
    select
        'cash' as basis,
        *,
    from silent
    union all by name
    select
        'sat_prefill' as basis,
        *,
    from payments
    where is_ppd
    union all by name
    select
        'sat_prefill' as basis,
        *,
    from paid_at_issue
    union all by name
    select
        'sat_prefill' as basis,
        *,
    from given_back
    where payment_method_code = 'PPD'
    union all by name
    select
        'sat_prefill' as basis,
        *,
    from given_back_at_issue
),

collected as (
    select
        basis,
        team_id,
        month_start_date,
        iva_rate_class,
        currency_code,
        {% for suffix in ['', '_mxn'] -%}
            if(bool_or(is_silent), null, sum(base_amount{{ suffix }}))
                as base_collected{{ suffix }},
            if(bool_or(is_silent), null, sum(tax_amount{{ suffix }}))
                as iva_collected{{ suffix }},
        {% endfor -%}
        {{ total('tax_amount_mxn', 'is_estimate') }} as iva_estimated_mxn,
        -- what came in and what went back both count: a share of the net would leave 0 to 1
        sum(abs(tax_amount_mxn)) as iva_moved_mxn,
        sum(abs(tax_amount_mxn)) filter (is_estimate) as moved_estimated_mxn,
        {% for evidence in evidences -%}
            {% set rows = "evidence = '" ~ evidence ~ "'" -%}
            {{ total('tax_amount_mxn', rows) }} as iva_{{ evidence }}_mxn,
            sum(abs(tax_amount_mxn)) filter ({{ rows }}) as moved_{{ evidence }}_mxn,
        {% endfor -%}
        count(distinct cfdi_key) filter (is_silent) as pue_unknown_count,
        count(*) filter (tax_amount is not null and tax_amount_mxn is null)
            as collected_fx_missing_count,
    from parts
    group by basis, team_id, month_start_date, iva_rate_class, currency_code
),

moved as (
    select
        team_id,
        movement_month as month_start_date,
        iva_rate_class,
        currency_code,
        {% for suffix in ['', '_mxn'] -%}
            sum(pending_change{{ suffix }}) filter (where movement_type = 'billed')
                as iva_billed_ppd{{ suffix }},
            -sum(pending_change{{ suffix }}) filter (where movement_type = 'collected')
                as iva_collected_ppd{{ suffix }},
            -sum(pending_change{{ suffix }}) filter (where movement_type = 'credit_note')
                as iva_credit_notes{{ suffix }},
            -sum(pending_change{{ suffix }}) filter (where movement_type = 'cancelled')
                as iva_cancelled{{ suffix }},
            sum(pending_change{{ suffix }}) as pending_change{{ suffix }},
        {% endfor -%}
    from {{ live('fct_iva_pending_movement') }}
    group by team_id, movement_month, iva_rate_class, currency_code
),

months_with_any as (
    select
        team_id,
        month_start_date,
        iva_rate_class,
        currency_code,
    from billed
    union all
    select
        team_id,
        month_start_date,
        iva_rate_class,
        currency_code,
    from collected
    union all
    select
        team_id,
        month_start_date,
        iva_rate_class,
        currency_code,
    from unrelated
    union all
    select
        team_id,
        month_start_date,
        iva_rate_class,
        currency_code,
    from moved
),

-- every month from the first that has any: what is pending stays pending in a month without news
series as (
    select
        team_id,
        iva_rate_class,
        currency_code,
        min(month_start_date) as first_month,
    from months_with_any
    group by team_id, iva_rate_class, currency_code
),

months as (
    select
        series.team_id,
        series.iva_rate_class,
        series.currency_code,
        teams.as_of_date,
        cast(unnest(generate_series(
            series.first_month, date_trunc('month', teams.as_of_date), interval 1 month
        )) as date) as month_start_date,
    from series
    inner join {{ ref('dim_team') }} as teams on series.team_id = teams.team_id
),

pending as (
    select
        months.*,
        {% for suffix in ['', '_mxn'] -%}
            {% for step in steps -%}
                coalesce(moved.iva_{{ step }}{{ suffix }}, 0) as iva_{{ step }}{{ suffix }},
            {% endfor -%}
            coalesce(sum(moved.pending_change{{ suffix }}) over until_now, 0)
                as iva_pending_closing{{ suffix }},
            coalesce(sum(moved.pending_change{{ suffix }}) over until_now, 0)
            - coalesce(moved.pending_change{{ suffix }}, 0) as iva_pending_opening{{ suffix }},
        {% endfor -%}
    from months
    left join moved
        on
            months.team_id = moved.team_id
            and months.month_start_date = moved.month_start_date
            and months.iva_rate_class = moved.iva_rate_class
            and months.currency_code = moved.currency_code
    window
        until_now as (
            partition by months.team_id, months.iva_rate_class, months.currency_code
            order by months.month_start_date
        )
),

bases as (
    select unnest(['sat_prefill', 'cash']) as basis,
)

select
    pending.team_id,
    bases.basis,
    pending.iva_rate_class,
    pending.currency_code,
    coalesce(billed.cfdi_count, 0) as cfdi_count,
    {% for amount in ['base_billed', 'iva_billed'] -%}
        {% for suffix in ['', '_mxn'] -%}
            {{ money(joined('billed.' ~ amount ~ suffix, 'billed.team_id')) }}
                as {{ amount }}{{ suffix }},
        {% endfor -%}
    {% endfor -%}
    {% for amount in ['base_collected', 'iva_collected'] -%}
        {% for suffix in ['', '_mxn'] -%}
            {{ money(joined('collected.' ~ amount ~ suffix, 'collected.basis')) }}
                as {{ amount }}{{ suffix }},
        {% endfor -%}
    {% endfor -%}
    {% for amount in ['base', 'tax'] -%}
        {% set name = 'iva' if amount == 'tax' else 'base' -%}
        {% for suffix in ['', '_mxn'] -%}
            {{ money(joined('unrelated.' ~ amount ~ '_amount' ~ suffix, 'unrelated.team_id')) }}
                as {{ name }}_unrelated_notes{{ suffix }},
        {% endfor -%}
    {% endfor -%}
    {% for part in ['estimated'] + evidences -%}
        {{ money(joined('collected.iva_' ~ part ~ '_mxn', 'collected.basis')) }}
            as iva_{{ part }}_mxn,
    {% endfor -%}
    {{ ratio(
        'coalesce(collected.moved_estimated_mxn, 0)', 'collected.iva_moved_mxn'
    ) }} as estimated_pct,
    {% for evidence in evidences -%}
    {{ ratio(
        'coalesce(collected.moved_' ~ evidence ~ '_mxn, 0)', 'collected.iva_moved_mxn'
    ) }} as {{ evidence }}_pct,
    {% endfor -%}
    {% for suffix in ['', '_mxn'] -%}
        {{ money('pending.iva_pending_opening' ~ suffix) }} as iva_pending_opening{{ suffix }},
        {% for step in steps -%}
            {{ money('pending.iva_' ~ step ~ suffix) }} as iva_{{ step }}{{ suffix }},
        {% endfor -%}
        {{ money('pending.iva_pending_closing' ~ suffix) }} as iva_pending_closing{{ suffix }},
    {% endfor -%}
    coalesce(billed.fx_missing_count, 0) as fx_missing_count,
    coalesce(collected.collected_fx_missing_count, 0) as collected_fx_missing_count,
    coalesce(collected.pue_unknown_count, 0) as pue_unknown_count,
    {{ is_month_over('pending.month_start_date', 'pending.as_of_date') }} as is_complete_month,
    pending.month_start_date,
    pending.as_of_date,
from pending
cross join bases
left join billed
    on
        pending.team_id = billed.team_id
        and pending.month_start_date = billed.month_start_date
        and pending.iva_rate_class = billed.iva_rate_class
        and pending.currency_code = billed.currency_code
left join collected
    on
        pending.team_id = collected.team_id
        and bases.basis = collected.basis
        and pending.month_start_date = collected.month_start_date
        and pending.iva_rate_class = collected.iva_rate_class
        and pending.currency_code = collected.currency_code
left join unrelated
    on
        pending.team_id = unrelated.team_id
        and pending.month_start_date = unrelated.month_start_date
        and pending.iva_rate_class = unrelated.iva_rate_class
        and pending.currency_code = unrelated.currency_code
