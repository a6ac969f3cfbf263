-- One row per team and check of what was loaded, as of the last run: how many rows were looked at
-- and how many failed. A check that finds nothing has its row too. It is a view, since what the
-- data tests find is known only when everything is built.
{{ config(materialized='view') }}
{#- name, severity, fact, which rows are looked at, which of them fail -#}
{% set checks = [
    ('header_differs_from_lines', 'error', 'fct_cfdi', 'is_stamped and lines_count > 0 and revenue_sign <> 0',
        'abs(lines_rounding_difference) > if(' ~ decimals_of('currency_code')
        ~ ' = 0, 1, 0.01) * lines_count'),
    ('cfdi_without_lines', 'warn', 'fct_cfdi', 'is_stamped and revenue_sign <> 0', 'lines_count = 0'),
    ('line_amount_unknown', 'error', 'fct_cfdi_line', 'true', 'net_amount is null'),
    ('total_differs_from_parts', 'error', 'fct_cfdi', 'is_stamped and revenue_sign <> 0',
        'abs(total - net_amount - transferred_taxes + withheld_taxes - local_taxes) > 0.01'),
    ('credit_note_below_zero', 'warn', 'fct_cfdi', "is_stamped and cfdi_type_code = 'E'", 'is_negative_note'),
    ('exchange_rate_missing', 'error', 'fct_cfdi', "is_stamped and currency_code not in ('MXN', 'XXX')",
        'is_fx_missing'),
    ('exchange_rate_suspicious', 'warn', 'fct_cfdi', 'is_stamped', 'is_fx_suspicious'),
    ('currency_missing', 'warn', 'fct_cfdi', 'is_stamped', 'is_currency_assumed'),
    ('issue_date_missing', 'warn', 'fct_cfdi', 'is_stamped', "issue_date_source <> 'cfdi'"),
    ('stamped_late', 'warn', 'fct_cfdi', 'is_stamped and stamped_date is not null',
        'stamped_date > issue_date + 3'),
    ('client_unknown', 'warn', 'fct_cfdi', 'is_stamped and not is_global', "client_key = 'unknown'"),
    ('header_tax_unexplained', 'warn', 'fct_cfdi_tax', 'not is_withheld', "tax_name = 'unknown'"),
    ('header_tax_scaled', 'warn', 'fct_cfdi_tax', 'true', 'is_scaled'),
    ('iva_rate_unknown', 'warn', 'fct_cfdi_tax', 'iva_rate_class is not null',
        "iva_rate_class in ('other', 'unknown')"),
    ('related_cfdi_unknown', 'warn', 'fct_cfdi_relation', 'true', 'not is_related_known'),
    ('payment_date_assumed', 'warn', 'fct_payment', 'is_collected', "collected_date_source <> 'succeeded'"),
    ('payment_rate_missing', 'error', 'fct_payment', 'is_collected', 'is_fx_missing'),
    ('payment_amount_missing', 'error', 'fct_payment', 'is_collected', 'amount is null'),
    ('complement_amount_missing', 'warn', 'fct_rep_document', 'is_effective', "amount_source = 'none'"),
    ('complement_of_several', 'warn', 'fct_rep_document', 'is_effective', "amount_source = 'prorata'"),
    ('balance_differs_from_api', 'warn', 'fct_invoice_balance', 'is_receivable and balance_difference is not null',
        'abs(balance_difference) > 0.01'),
    ('balance_negative', 'warn', 'fct_invoice_balance', 'is_receivable', 'open_balance < -0.01'),
] %}
with teams as (
    select
        teams.team_id,
        teams.as_of_date,
        arg_max(runs.run_id, runs.started_at) as run_id,
        max(runs.finished_at) as loaded_at,
    from {{ ref('dim_team') }} as teams
    left join {{ ref('stg_run_streams') }} as runs on teams.team_id = runs.team_id
    group by teams.team_id, teams.as_of_date
),

checked as (
    {% for name, severity, fact, looked_at, failed in checks -%}
        select
            team_id,
            '{{ name }}' as check_name,
            '{{ severity }}' as severity,
            count(*) as rows_checked,
            count(*) filter (where {{ failed }}) as rows_failed,
        from {{ live(fact) }}
        where {{ looked_at }}
        group by team_id
        {% if not loop.last -%}
            union all
        {% endif -%}
    {% endfor -%}
),

checks as (
    {% for name, severity, fact, looked_at, failed in checks -%}
        select
            '{{ name }}' as check_name,
            '{{ severity }}' as severity,
        {% if not loop.last -%}
            union all
        {% endif -%}
    {% endfor -%}
),

listed as (
    select
        teams.*,
        checks.check_name,
        checks.severity,
    from teams
    cross join checks
)

select
    listed.team_id,
    listed.run_id,
    listed.check_name,
    listed.severity,
    if(coalesce(checked.rows_failed, 0) = 0, 'pass', listed.severity) as status,
    cast(coalesce(checked.rows_checked, 0) as bigint) as rows_checked,
    cast(coalesce(checked.rows_failed, 0) as bigint) as rows_failed,
    {{ ratio('checked.rows_failed', 'checked.rows_checked') }} as failed_pct,
    listed.team_id in (
        select findings.team_id,
        from {{ ref('stg_findings') }} as findings
        where findings.team_id is not null
    ) as has_findings,
    listed.as_of_date,
    listed.loaded_at,
from listed
left join checked
    on listed.team_id = checked.team_id and listed.check_name = checked.check_name
