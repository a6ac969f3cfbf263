-- Marks all alerts that were open at noted_at as reported: an artifact lists them.
-- Variable: noted_at.
update ops.alerts
set
    reported_at = coalesce(reported_at, now()),
    reported_severity = severity
where cleared_at is null and first_seen_at <= getvariable('noted_at');
