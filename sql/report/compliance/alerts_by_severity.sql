-- alerts_by_severity: one row per severity and kind of alert, the gravest first.
select
    severity,
    alert_type,
    count(*) as alerts_count,
    sum(amount_mxn) as amount_mxn,
    min(due_date) as due_date,
from marts.mart_alerts
group by severity, alert_type
order by array_position(['high', 'medium', 'low'], severity), alerts_count desc, alert_type asc;
