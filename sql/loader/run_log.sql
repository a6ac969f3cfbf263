-- The run log: what every load did, and what it could not do.
create schema if not exists ops;

-- the versions of the schema that this warehouse has had; see pipelines/warehouse/migrations.py
create table if not exists ops.schema_versions (
    version integer not null,
    reached_at timestamptz not null
);

-- tables of schema gigstack that were lost and made anew; see pipelines/warehouse/lost_tables.py
create table if not exists ops.rebuilt_tables (
    table_name varchar not null,
    rebuilt_at timestamptz not null
);

create table if not exists ops.runs (
    run_id varchar not null,
    mode varchar not null,
    status varchar not null,
    started_at timestamptz not null,
    finished_at timestamptz not null,
    version varchar not null,
    teams bigint not null,
    requests bigint not null,
    retries bigint not null,
    rows_seen bigint not null,
    rows_changed bigint not null,
    rows_deleted bigint not null,
    rejects bigint not null,
    drift bigint not null,
    message varchar
);

create table if not exists ops.run_streams (
    run_id varchar not null,
    team_id varchar not null,
    stream varchar not null,
    status varchar not null,
    window_start timestamptz,
    window_end timestamptz,
    complete_sweep boolean not null,
    pages bigint not null,
    requests bigint not null,
    retries bigint not null,
    rows_seen bigint not null,
    rows_changed bigint not null,
    rows_deleted bigint not null,
    rejects bigint not null,
    postponed bigint not null,
    api_total bigint,
    seconds decimal(18, 3) not null,
    error varchar,
    date_filter varchar, -- the spelling that was used, or that none is honoured
    unseen_fields varchar -- declared fields that no record had, separated by commas
);

-- a warehouse of an earlier release
alter table ops.run_streams add column if not exists date_filter varchar;
alter table ops.run_streams add column if not exists unseen_fields varchar;

create table if not exists ops.rejects (
    run_id varchar not null,
    team_id varchar not null,
    stream varchar not null,
    reason varchar not null,
    field varchar,
    raw json not null,
    seen_at timestamptz not null,
    parent_id varchar
);

create table if not exists ops.drift (
    stream varchar not null,
    path varchar not null,
    kind varchar not null,
    example varchar,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    occurrences bigint not null,
    primary key (stream, path, kind)
);

create table if not exists ops.document_checks (
    team_id varchar not null,
    parent_type varchar not null,
    parent_id varchar not null,
    checked_at timestamptz not null,
    documents bigint not null,
    primary key (team_id, parent_type, parent_id)
);

create table if not exists ops.reconciliation (
    run_id varchar not null,
    team_id varchar not null,
    stream varchar not null,
    measure varchar not null,
    api_value decimal(38, 6),
    warehouse_value decimal(38, 6),
    difference decimal(38, 6)
);

create table if not exists ops.transforms (
    started_at timestamptz not null,
    finished_at timestamptz not null,
    as_of_date date,
    models bigint not null,
    tests bigint not null,
    warnings bigint not null,
    fingerprint varchar not null,
    message varchar
);

-- what the data tests found and still find; `key` is null for what was found beyond the first ones
create table if not exists ops.findings (
    test varchar not null,
    table_name varchar not null,
    rule varchar not null,
    column_name varchar,
    team_id varchar,
    key varchar,
    rows_found bigint not null,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null
);

-- the last good build of each model, and why the newest one failed, if it did
create table if not exists ops.model_builds (
    schema_name varchar not null,
    model_name varchar not null,
    built_at timestamptz,
    failed_at timestamptz,
    error varchar,
    primary key (schema_name, model_name)
);

-- what was reported and sent of each alert in marts.mart_alerts, so that nothing is sent twice
create table if not exists ops.alerts (
    alert_id varchar not null primary key,
    team_id varchar not null,
    alert_type varchar not null,
    severity varchar not null,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    reported_at timestamptz,
    reported_severity varchar,
    queued_at timestamptz,
    sent_at timestamptz,
    cleared_at timestamptz
);
