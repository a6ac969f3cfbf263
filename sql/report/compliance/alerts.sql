-- alerts: one row per thing that needs a person, the gravest and most urgent first.
select
    alerts.severity,
    alerts.alert_type,
    alerts.subject,
    alerts.due_date,
    alerts.days_left,
    alerts.amount_mxn,
    alerts.client_name,
    coalesce(team_names.name, alerts.team_id) as team,
    alerts.entity_id,
from marts.mart_alerts as alerts
left join team_names on alerts.team_id = team_names.team_id
order by
    array_position(['high', 'medium', 'low'], alerts.severity),
    alerts.due_date asc nulls last,
    alerts.amount_mxn desc nulls last,
    alerts.alert_id asc;
