-- The alerts of the variable alert_ids were sent.
update ops.alerts
set sent_at = now()
where list_contains(getvariable('alert_ids'), alert_id);
