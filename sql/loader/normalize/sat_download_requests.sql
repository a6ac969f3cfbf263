-- sat_download_requests: one row per request for CFDI that gigstack put to SAT.
-- API: GET /invoices/download/schedule/history (the newest twenty).
-- Topic: seen by SAT, issued and received.
-- source (not personal): Who asked for the download.
-- status_message (not personal): What SAT says of the download.
set variable shape = '{
    "id": "VARCHAR",
    "rfcType": "VARCHAR",
    "startDate": "TIME",
    "endDate": "TIME",
    "status": "VARCHAR",
    "invoiceCount": "BIGINT",
    "processedCount": "BIGINT",
    "statusMessage": "VARCHAR",
    "source": "VARCHAR",
    "owner": "VARCHAR",
    "latestIssueDate": "TIME",
    "earliestIssueDate": "TIME",
    "createdAt": "TIME",
    "updatedAt": "TIME",
    "updated_at": "TIME",
    "created_at": "TIME",
    "completedAt": "TIME",
    "completed_at": "TIME",
    "team": "VARCHAR",
    "livemode": "BOOLEAN"
}';

create or replace temp view sat_download_requests as
select
    origin,
    team_id,
    as_text(o.id) as request_id,
    as_text(o."rfcType") as rfc_type,
    as_status(o.status) as status,
    o.status as status_raw,
    as_text(o."statusMessage") as status_message,
    as_text(o.source) as source,
    as_text(o.owner) as owner,
    as_text(o.team) as team,
    o."invoiceCount" as invoice_count,
    o."processedCount" as processed_count,
    o.livemode as livemode,
    as_time(o."startDate")::date as start_date,
    as_time(o."endDate")::date as end_date,
    as_time(o."earliestIssueDate") as earliest_issued_at,
    as_time(o."latestIssueDate") as latest_issued_at,
    as_time(coalesce(o."completedAt", o.completed_at)) as completed_at,
    as_time(coalesce(o."createdAt", o.created_at)) as created_at,
    coalesce(as_time(coalesce(o."updatedAt", o.updated_at)), greatest(created_at, completed_at))
        as updated_at,
    if(as_time(coalesce(o."updatedAt", o.updated_at)) is null, 'lifecycle', 'api')
        as updated_at_basis,
    row_hash,
    o._extra::json as extra,
from records;
