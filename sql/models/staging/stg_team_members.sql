-- One row per user of a team, who without an id goes by e-mail or place in the list.
-- `make generate` writes this view.
select
    team_id,
    user_id,
    email,
    role,
from {{ source('gigstack', 'team_members') }}
