-- Updates ops.alerts from marts.mart_alerts: an alert that is gone is cleared, one that is back is
-- new again. Variables: noted_at; least, the lowest severity of alerts to send, null to send none.
create or replace temp macro gravity(severity) as
list_position(['low', 'medium', 'high'], severity);

update ops.alerts
set cleared_at = getvariable('noted_at')
where
    cleared_at is null
    and alert_id not in (select found.alert_id, from marts.mart_alerts as found);

insert into ops.alerts by name
select
    found.alert_id,
    found.team_id,
    found.alert_type,
    found.severity,
    getvariable('noted_at') as first_seen_at,
    getvariable('noted_at') as last_seen_at,
from marts.mart_alerts as found
on conflict (alert_id) do update set
    severity = excluded.severity,
    first_seen_at = if(cleared_at is null, first_seen_at, excluded.first_seen_at),
    last_seen_at = excluded.last_seen_at,
    reported_at = if(cleared_at is null, reported_at, null),
    reported_severity = if(cleared_at is null, reported_severity, null),
    queued_at = if(cleared_at is null, queued_at, null),
    sent_at = if(cleared_at is null, sent_at, null),
    cleared_at = null;

-- to send: new alerts, and those whose severity has risen since they were reported
update ops.alerts
set queued_at = getvariable('noted_at')
where
    queued_at is null
    and cleared_at is null
    and gravity(severity) >= gravity(getvariable('least'))
    and gravity(severity) > coalesce(gravity(reported_severity), 0);
