-- One row per user of a team.
select
    team_id,
    user_id,
    email,
    role,
from {{ source('gigstack', 'team_members') }}
