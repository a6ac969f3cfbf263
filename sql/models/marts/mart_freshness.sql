-- One row per team and stream of the API: when it was last read, how new its newest record is, and
-- whether as many rows are held as the API said it has.
with held as (
    select
        team_id,
        stream,
        count(*) filter (where deleted_at is null) as rows_held,
        max(created_at) as newest_created_at,
        max(loaded_at) as newest_loaded_at,
    from {{ ref('stg_list_rows') }}
    group by team_id, stream
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
        {% for list in paged_lists() -%}
            '{{ list.name }}'{{ ',' if not loop.last }}
        {% endfor -%}
    )
