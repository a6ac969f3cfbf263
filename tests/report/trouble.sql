-- What an account and forty nights may bring: findings of every gravity, and text that is an attack.
set variable run_id = (
    select arg_max(run_id, started_at) as run_id,
    from ops.runs
);
set variable newest_at = (
    select max(started_at) as started_at,
    from ops.runs
);

-- on the fifth night before, nobody ran it
insert into ops.runs
select
    format('night-{:02}', night) as run_id,
    if(night % 7 = 0, 'full', 'incremental') as mode,
    ['ok', 'warn', 'partial', 'failed'][night % 4 + 1] as status,
    getvariable('newest_at') - to_days(night) as started_at,
    getvariable('newest_at') - to_days(night) + to_seconds(90 + night) as finished_at,
    '0.1.0' as version,
    2 as teams,
    100 + night as requests,
    1 as retries,
    5000 + night as rows_seen,
    40 + night as rows_changed,
    night % 3 as rows_deleted,
    0 as rejects,
    0 as drift,
    if(night % 4 = 3, getvariable('attack'), null) as message,
from (
    select unnest(range(1, 41))::integer as night,
) as nights
where night <> 5;

update ops.runs set status = 'partial'
where run_id = getvariable('run_id');

update ops.run_streams set status = 'failed', error = getvariable('attack')
where run_id = getvariable('run_id') and stream = 'receipts';

update ops.reconciliation
set warehouse_value = warehouse_value - 116.25, difference = -116.25
where run_id = getvariable('run_id') and stream = 'payments' and measure like 'total %';

insert into ops.drift
select
    'clients' as stream,
    getvariable('attack') as path,
    'unknown_field' as kind,
    getvariable('attack') as example,
    getvariable('newest_at') as first_seen_at,
    getvariable('newest_at') as last_seen_at,
    7 as occurrences;

insert into ops.rejects
select
    getvariable('run_id') as run_id,
    getvariable('attack') as team_id,
    'receipts' as stream,
    getvariable('attack') as reason,
    getvariable('attack') as field,
    to_json(getvariable('attack')) as raw,
    getvariable('newest_at') as seen_at,
    null as parent_id;

update gigstack.teams set brand_alias = getvariable('attack');
update gigstack.clients set name = getvariable('attack');
