-- One row per team and month of payment: how many payments of PPD invoices needed a complement
-- (REP) and how many had it by the fifth day of the next month.
{% set statuses = ['issued_on_time', 'issued_late', 'pending_in_term', 'overdue'] %}
select
    team_id,
    cast(count(*) as bigint) as payments_count,
    {% for status in statuses -%}
        cast(count(*) filter (where rep_status = '{{ status }}') as bigint) as {{ status }}_count,
    {% endfor -%}
    {{ money(total('paid_amount_mxn')) }} as paid_amount_mxn,
    {{ money(total('rep_amount_mxn')) }} as rep_amount_mxn,
    {{ money(total('owed_amount_mxn')) }} as owed_amount_mxn,
    {% for status in statuses -%}
        {{ money(
            total('paid_amount_mxn', "rep_status = '" ~ status ~ "'")
        ) }} as {{ status }}_amount_mxn,
    {% endfor -%}
    {{ ratio("count(*) filter (where rep_status = 'issued_on_time')", 'count(*)') }} as on_time_pct,
    {{ ratio(
        total('paid_amount_mxn', "rep_status = 'issued_on_time'"),
        'sum(paid_amount_mxn)'
    ) }} as on_time_amount_pct,
    cast(count(*) filter (where is_fx_missing) as bigint) as fx_missing_count,
    any_value(rep_due_date) < any_value(as_of_date) as is_term_over,
    payment_month as month_start_date,
    any_value(rep_due_date) as rep_due_date,
    any_value(as_of_date) as as_of_date,
from {{ ref('mart_rep_owed') }}
group by team_id, payment_month
