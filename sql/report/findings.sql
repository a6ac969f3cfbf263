-- findings: one row per thing that a person should look at, the gravest first.
create or replace temp table findings as
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
        and read_at < (
            select last_run.started_at - interval 2 days as early,
            from last_run
        )
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
    where last_seen_at >= (select last_run.started_at, from last_run)
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
),

older_tables as (
    select
        'failed' as severity,
        'older_table' as finding,
        null as stream,
        null as teams,
        concat_ws('.', schema_name, model_name) || ': ' || error as detail,
        1 as cases,
        coalesce(built_at, failed_at) as seen_at,
    from ops.model_builds
    where error is not null
),

broken_rules as (
    select
        'look' as severity,
        'broken_rule' as finding,
        null as stream,
        some_names(list(coalesce(names.name, rules.team_id))) as teams,
        concat_ws(' ', rules.table_name, rules.rule, rules.column_name) as detail,
        sum(rules.rows_found)::bigint as cases,
        min(rules.first_seen_at) as seen_at,
    from ops.findings as rules
    left join team_names as names on rules.team_id = names.team_id
    group by rules.table_name, rules.rule, rules.column_name
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
from postponed
union all by name
from older_tables
union all by name
from broken_rules;
