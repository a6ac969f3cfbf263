-- All alerts that were there at noted_at stand in an artifact now, or in one before it.
update ops.alerts
set
    reported_at = coalesce(reported_at, now()),
    reported_severity = severity
where cleared_at is null and first_seen_at <= getvariable('noted_at');
