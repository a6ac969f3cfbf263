-- One row per team and stream of the API: when it was last read, how new its newest record is, and
-- whether as many rows are held as the API said it has.
{% set tables = {
    'clients': 'stg_clients', 'services': 'stg_services', 'invoice_drafts': 'stg_invoice_drafts',
    'payments': 'stg_payments', 'receipts': 'stg_receipts', 'retentions': 'stg_retentions',
    'sat_invoices': 'stg_sat_invoices', 'users': 'stg_users', 'webhooks': 'stg_webhooks',
} %}
{% set kinds = {
    'invoices_income': 'income', 'invoices_egress': 'egress',
    'invoices_payment': 'payment_complement', 'invoices_transfer': 'transfer',
} %}
with held as (
    {% for stream, table in tables.items() -%}
        select
            team_id,
            '{{ stream }}' as stream,
            count(*) filter (where deleted_at is null) as rows_held,
            max(created_at) as newest_created_at,
            max(loaded_at) as newest_loaded_at,
        from {{ ref(table) }}
        group by team_id
        union all
    {% endfor -%}
    {% for stream, kind in kinds.items() -%}
        select
            team_id,
            '{{ stream }}' as stream,
            count(*) filter (where deleted_at is null) as rows_held,
            max(created_at) as newest_created_at,
            max(loaded_at) as newest_loaded_at,
        from {{ ref('stg_invoices') }}
        where document_kind = '{{ kind }}'
        group by team_id
        {% if not loop.last -%}
            union all
        {% endif -%}
    {% endfor -%}
),

-- a window counts only what it read: the API's total is that of the last full walk
read as (
    select
        team_id,
        stream,
        arg_max(status, started_at) as last_status,
        max(finished_at) filter (where status = 'ok') as last_read_at,
        max(finished_at) filter (where status = 'ok' and is_complete_sweep) as last_swept_at,
        arg_max(api_total, started_at) filter (where status = 'ok' and is_complete_sweep)
            as api_total,
        sum(rejects) as rejects_count,
    from {{ ref('stg_run_streams') }}
    group by team_id, stream
)

select
    read.team_id,
    read.stream,
    read.last_status,
    cast(coalesce(held.rows_held, 0) as bigint) as rows_held,
    cast(read.api_total as bigint) as api_total,
    cast(coalesce(held.rows_held, 0) - read.api_total as bigint) as rows_difference,
    cast(read.rejects_count as bigint) as rejects_count,
    cast(date_diff('hour', read.last_read_at, now()) as bigint) as hours_since_read,
    read.last_read_at,
    read.last_swept_at,
    held.newest_created_at,
    held.newest_loaded_at,
from read
left join held on read.team_id = held.team_id and read.stream = held.stream
where
    read.stream in (
        {% for stream in tables | list + kinds | list -%}
            '{{ stream }}'{{ ',' if not loop.last }}
        {% endfor -%}
    )
