-- What several queries of the report ask for, worked out once. All of it is temporary: the snapshot
-- is only read.
-- `manifest` is a variable: the path of the manifest of the same version.
set timezone = 'America/Mexico_City';

-- team_names: one row per team, with the name that people know; none where none is published.
set variable team_names = coalesce(
    (
        select
            format(
                'select team_id, any_value(coalesce({})) as name from gigstack.teams group by all',
                string_agg(column_name, ', ' order by column_name)
            ) as query,
        from duckdb_columns()
        where
            schema_name = 'gigstack'
            and table_name = 'teams'
            and column_name in ('brand_alias', 'legal_name', 'name')
        having count(*) > 0
    ),
    'select null::varchar as team_id, null::varchar as name where false'
);

create or replace temp table team_names as
from query(getvariable('team_names'));

-- published_files: one row per Parquet file, as the manifest of the same version lists it.
create or replace temp table published_files as
with entries as (
    select unnest(files) as entry,
    from read_json(
        getvariable('manifest'),
        columns = {
            files: 'struct("schema" varchar, "table" varchar, rows bigint, bytes bigint)[]'
        }
    )
)

select
    entry."schema" as schema_name,
    entry."table" as table_name,
    entry.rows as rows,
    entry.bytes as bytes,
from entries
where entry."table" is not null;

-- recent_runs: one row per run of the 30 days before the newest.
create or replace temp table recent_runs as
with newest as (
    select max(started_at) as newest_at,
    from ops.runs
)

select
    runs.run_id,
    runs.mode,
    runs.status,
    runs.message,
    runs.teams,
    runs.requests,
    runs.retries,
    runs.rows_seen,
    runs.rows_changed,
    runs.rows_deleted,
    runs.rejects,
    runs.drift,
    ((epoch_ms(runs.finished_at) - epoch_ms(runs.started_at)) * 0.001)::decimal(18, 3) as seconds,
    runs.started_at,
from ops.runs as runs
inner join newest on runs.started_at > newest.newest_at - interval 30 days;

-- last_run: the newest run, whatever became of it; no row before the first one.
create or replace temp table last_run as
select
    run_id,
    mode,
    status,
    message,
    teams,
    requests,
    retries,
    rows_seen,
    rows_changed,
    rows_deleted,
    rejects,
    drift,
    seconds,
    started_at,
from recent_runs
order by started_at desc, run_id asc
limit 1;

-- readings: one row per run, team and stream.
create or replace temp view readings as
select
    streams.team_id,
    coalesce(names.name, streams.team_id) as team,
    streams.stream,
    streams.status,
    streams.error,
    streams.requests,
    streams.rows_seen,
    streams.rows_changed,
    streams.rows_deleted,
    streams.postponed,
    streams.seconds,
    streams.window_start,
    runs.started_at as tried_at,
from ops.run_streams as streams
inner join ops.runs as runs on streams.run_id = runs.run_id
left join team_names as names on streams.team_id = names.team_id;

-- stream_states: one row per team and stream: its newest reading, and when it was last read well.
create or replace temp table stream_states as
with good as (
    select
        team_id,
        stream,
        count(*) as good_readings,
        max(tried_at) as read_at,
    from readings
    where status = 'ok'
    group by team_id, stream
)

select
    tried.team_id,
    tried.team,
    tried.stream,
    tried.status,
    tried.error,
    tried.requests,
    tried.rows_seen,
    tried.rows_changed,
    tried.rows_deleted,
    tried.postponed,
    tried.seconds,
    coalesce(good.good_readings, 0) as good_readings,
    tried.window_start,
    tried.tried_at,
    good.read_at,
from readings as tried
left join good on tried.team_id = good.team_id and tried.stream = good.stream
qualify
    row_number() over (partition by tried.team_id, tried.stream order by tried.tried_at desc) = 1;

-- kept_rejects: one row per record that was rejected and is still kept, however often it came.
create or replace temp table kept_rejects as
select
    rejects.stream,
    rejects.team_id,
    coalesce(any_value(names.name), rejects.team_id) as team,
    any_value(rejects.reason) as reason,
    any_value(rejects.field) as field,
    max(rejects.seen_at) as seen_at,
from ops.rejects as rejects
left join team_names as names on rejects.team_id = names.team_id
group by rejects.stream, rejects.team_id, rejects.raw, rejects.parent_id;

-- newest_comparisons: one row per team, stream and measure, as compared last.
create or replace temp table newest_comparisons as
select
    compared.team_id,
    coalesce(names.name, compared.team_id) as team,
    compared.stream,
    compared.measure,
    compared.api_value,
    compared.warehouse_value,
    compared.difference,
    runs.started_at as compared_at,
from ops.reconciliation as compared
inner join ops.runs as runs on compared.run_id = runs.run_id
left join team_names as names on compared.team_id = names.team_id
qualify
    rank() over (partition by compared.team_id, compared.stream order by runs.started_at desc) = 1;

-- some_names: up to three names, and how many more there are.
create or replace temp macro some_names(names) as
array_to_string(list_sort(list_distinct(names))[1:3], ', ')
|| if(len(list_distinct(names)) > 3, format(' (+{})', len(list_distinct(names)) - 3), '');

-- fraction: a share of an amount with four decimals, rounded half away from zero; 0 where
-- there is no part. Division of decimals is DOUBLE in DuckDB, so centavos are divided as integers.
create or replace temp macro centavos(amount) as (amount * 100)::hugeint;

create or replace temp macro fraction(part, whole) as (
    sign(centavos(coalesce(part, 0))) * sign(centavos(whole)) * (
        (20000 * abs(centavos(coalesce(part, 0))) + abs(centavos(whole)))
        // nullif(2 * abs(centavos(whole)), 0)
    )
)::decimal(18, 4) * 0.0001;
