-- One row per open alert, the most severe and most urgent first: its subject, and whether it is
-- still to be reported or sent. Variables: noted_at; shows_titles, since titles may name people.
select
    found.alert_id,
    found.severity,
    found.alert_type,
    if(getvariable('shows_titles'), found.title, null) as title,
    found.entity_type,
    found.entity_id,
    found.team_id,
    found.due_date,
    found.amount_mxn,
    known.first_seen_at = getvariable('noted_at') as is_new,
    known.reported_at is null as is_unreported,
    known.queued_at is not null and known.sent_at is null as is_unsent,
from marts.mart_alerts as found
inner join ops.alerts as known on found.alert_id = known.alert_id
order by
    list_position(['high', 'medium', 'low'], found.severity),
    found.due_date asc nulls last,
    found.amount_mxn desc nulls last,
    found.alert_id asc;
