-- Marks alerts as sent. Variable: alert_ids.
update ops.alerts
set sent_at = now()
where list_contains(getvariable('alert_ids'), alert_id);
