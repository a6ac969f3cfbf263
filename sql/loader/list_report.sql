-- One row per resource that a run read: what was asked, delivered and proven, and which fields were
-- never seen or are unknown. Variable: run_id. Sums are over teams; api_total is null where the API
-- did not state every total.
with lists as (
    select
        streams.*,
        runs.started_at,
    from ops.run_streams as streams
    inner join ops.runs on streams.run_id = runs.run_id
    where streams.run_id = getvariable('run_id')
),

unseen as (
    select
        lists.stream,
        unnest(string_split(lists.unseen_fields, ', ')) as field,
    from lists
    where lists.unseen_fields <> ''
),

with_rows as (
    select
        lists.stream,
        count(*) as teams,
    from lists
    where lists.rows_seen > 0
    group by lists.stream
),

-- a field that some team has is not missing
never_seen as (
    select
        missing.stream,
        string_agg(missing.field, ', ' order by missing.field) as fields,
    from (
        select
            unseen.stream,
            unseen.field,
            count(*) as teams,
        from unseen
        group by unseen.stream, unseen.field
    ) as missing
    inner join with_rows on missing.stream = with_rows.stream and missing.teams = with_rows.teams
    group by missing.stream
),

unknown as (
    select
        drift.stream,
        string_agg(drift.path, ', ' order by drift.path) as fields,
    from ops.drift
    where
        drift.kind <> 'unknown_value'
        and drift.last_seen_at = (select any_value(lists.started_at), from lists)
    group by drift.stream
)

select
    lists.stream,
    count(*) as teams,
    sum(lists.requests)::bigint as requests,
    sum(lists.rows_seen)::bigint as rows_seen,
    if(count(*) = count(lists.api_total), sum(lists.api_total)::bigint, null) as api_total,
    count(*) filter (where lists.complete_sweep) as whole,
    count(*) filter (where lists.status = 'ok' and lists.window_start is not null) as windows,
    count(*) filter (where lists.status = 'unavailable') as unavailable,
    count(*) filter (where lists.status = 'failed') as failed,
    min(lists.error) as reason,
    string_agg(distinct lists.date_filter, ', ') as date_filter,
    any_value(never_seen.fields) as never_seen,
    any_value(unknown.fields) as unknown,
from lists
left join never_seen on lists.stream = never_seen.stream
left join unknown on lists.stream = unknown.stream
group by lists.stream
order by lists.stream
