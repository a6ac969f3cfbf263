-- One row per event that a webhook listens to.
-- `make generate` writes this view.
select
    team_id,
    webhook_id,
    event,
from {{ source('gigstack', 'webhook_events') }}
