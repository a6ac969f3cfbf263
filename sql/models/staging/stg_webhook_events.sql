-- One row per event that a webhook is sent.
select
    team_id,
    webhook_id,
    event,
from {{ source('gigstack', 'webhook_events') }}
