-- What several queries of the report ask for. All of it is temporary: the snapshot is only read.
set timezone = 'America/Mexico_City';

-- team_names: one row per team, with the name that people know; none where it was not published.
set variable team_names = coalesce(
    (
        select 'select team_id, any_value(name) as name from gigstack.teams group by team_id'
        from duckdb_columns()
        where schema_name = 'gigstack' and table_name = 'teams' and column_name = 'name'
        limit 1
    ),
    'select null::varchar as team_id, null::varchar as name where false'
);

create or replace temp view team_names as
from query(getvariable('team_names'));

-- published_files: one row per Parquet file, as the manifest of the same version lists it.
create or replace temp view published_files as
with entries as (
    select unnest(files) as entry
    from read_json(
        getvariable('manifest'),
        columns = {
            files: 'struct(path varchar, "schema" varchar, "table" varchar, rows bigint, bytes bigint)[]'
        }
    )
)

select
    entry."schema" as schema_name,
    entry."table" as table_name,
    entry.path as path,
    entry.rows as rows,
    entry.bytes as bytes,
from entries
where entry."table" is not null;

-- last_run: the newest run, whatever became of it; no row before the first one.
create or replace temp view last_run as
select
    *,
    ((epoch_ms(finished_at) - epoch_ms(started_at)) * 0.001)::decimal(18, 3) as seconds,
from ops.runs
order by started_at desc, run_id
limit 1;

-- recent_runs: one row per run of the 30 days before the newest.
create or replace temp view recent_runs as
select
    *,
    ((epoch_ms(finished_at) - epoch_ms(started_at)) * 0.001)::decimal(18, 3) as seconds,
from ops.runs
where started_at > (select max(started_at) - interval 30 days from ops.runs);

-- stream_states: one row per team and stream: its newest reading, and when it was last read well.
create or replace temp view stream_states as
with readings as (
    select
        streams.*,
        runs.started_at,
    from ops.run_streams as streams
    inner join ops.runs as runs using (run_id)
),

states as (
    select
        team_id,
        stream,
        arg_max(readings, started_at) as newest,
        max(started_at) filter (status = 'ok') as read_at,
        count(*) filter (status = 'ok') as good_readings,
    from readings
    group by team_id, stream
)

select
    team_id,
    coalesce(team_names.name, team_id) as team,
    stream,
    newest.status as status,
    newest.error as error,
    newest.pages as pages,
    newest.requests as requests,
    newest.rows_seen as rows_seen,
    newest.rows_changed as rows_changed,
    newest.rows_deleted as rows_deleted,
    newest.rejects as rejects,
    newest.postponed as postponed,
    newest.api_total as api_total,
    good_readings,
    newest.seconds as seconds,
    newest.complete_sweep as complete_sweep,
    newest.window_start as window_start,
    newest.started_at as tried_at,
    read_at,
from states
left join team_names using (team_id);

-- kept_rejects: one row per record that was rejected and is still kept, however often it came.
create or replace temp view kept_rejects as
select
    stream,
    team_id,
    coalesce(any_value(team_names.name), team_id) as team,
    any_value(reason) as reason,
    any_value(field) as field,
    parent_id,
    max(seen_at) as seen_at,
from ops.rejects
left join team_names using (team_id)
group by stream, team_id, raw, parent_id;

-- newest_comparisons: one row per team, stream and measure, as compared last.
create or replace temp view newest_comparisons as
select
    compared.team_id,
    coalesce(team_names.name, compared.team_id) as team,
    compared.stream,
    compared.measure,
    compared.api_value,
    compared.warehouse_value,
    compared.difference,
    runs.started_at as compared_at,
from ops.reconciliation as compared
inner join ops.runs as runs using (run_id)
left join team_names using (team_id)
qualify
    rank() over (partition by compared.team_id, compared.stream order by runs.started_at desc) = 1;

-- some_names: up to three names, and how many more there are.
create or replace temp macro some_names(names) as
array_to_string(list_sort(list_distinct(names))[1:3], ', ')
|| if(len(list_distinct(names)) > 3, format(' (+{})', len(list_distinct(names)) - 3), '');

-- findings: one row per thing that a person should look at, the gravest first.
create or replace temp view findings as
with runs_that_failed as (
    select
        'failed' as severity,
        'run_failed' as finding,
        null as stream,
        null as teams,
        message as detail,
        1 as cases,
        started_at as seen_at,
    from last_run
    where status = 'failed'
),

deletions_held_back as (
    select
        'look' as severity,
        'deletions_held_back' as finding,
        null as stream,
        null as teams,
        message as detail,
        1 as cases,
        started_at as seen_at,
    from last_run
    where status <> 'failed' and message is not null
),

teams_out_of_reach as (
    select
        'failed' as severity,
        'team_out_of_reach' as finding,
        null as stream,
        team as teams,
        max(error) as detail,
        count(*) as cases,
        max(tried_at) as seen_at,
    from stream_states
    group by team_id, team
    having bool_and(status = 'unavailable')
),

streams_that_failed as (
    select
        'failed' as severity,
        'stream_failed' as finding,
        stream,
        some_names(list(team)) as teams,
        error as detail,
        count(*) as cases,
        max(tried_at) as seen_at,
    from stream_states
    where status = 'failed'
    group by stream, error
),

-- what could be read before is now out of reach: a right was lost, or a feature switched off
streams_that_were_lost as (
    select
        'look' as severity,
        'stream_lost' as finding,
        stream,
        some_names(list(team)) as teams,
        error as detail,
        count(*) as cases,
        max(read_at) as seen_at,
    from stream_states
    where status = 'unavailable' and good_readings > 0
    group by stream, error
),

-- read in several runs, and in none of the last two days: dropped without a word
streams_left_out as (
    select
        'look' as severity,
        'stream_left_out' as finding,
        stream,
        some_names(list(team)) as teams,
        null as detail,
        count(*) as cases,
        max(read_at) as seen_at,
    from stream_states
    where
        status = 'ok'
        and good_readings > 2
        and read_at < (select started_at - interval 2 days from last_run)
    group by stream
),

differences as (
    select
        'failed' as severity,
        'difference' as finding,
        stream,
        some_names(list(team)) as teams,
        some_names(list(measure)) as detail,
        count(*) as cases,
        max(compared_at) as seen_at,
    from newest_comparisons
    where difference <> 0
    group by stream
),

rejected as (
    select
        'look' as severity,
        'rejected' as finding,
        stream,
        some_names(list(team)) as teams,
        some_names(list(concat_ws(': ', reason, field))) as detail,
        count(*) as cases,
        max(seen_at) as seen_at,
    from kept_rejects
    group by stream
),

drifted as (
    select
        'look' as severity,
        'drift' as finding,
        stream,
        null as teams,
        some_names(list(path)) as detail,
        count(*) as cases,
        max(last_seen_at) as seen_at,
    from ops.drift
    where last_seen_at >= (select started_at from last_run)
    group by stream
),

postponed as (
    select
        'look' as severity,
        'postponed' as finding,
        stream,
        some_names(list(team)) as teams,
        null as detail,
        sum(postponed)::bigint as cases,
        max(tried_at) as seen_at,
    from stream_states
    where postponed > 0
    group by stream
)

from runs_that_failed
union all by name
from deletions_held_back
union all by name
from teams_out_of_reach
union all by name
from streams_that_failed
union all by name
from streams_that_were_lost
union all by name
from streams_left_out
union all by name
from differences
union all by name
from rejected
union all by name
from drifted
union all by name
from postponed;
