-- One row per team that a user belongs to.
select
    team_id,
    user_id,
    member_team_id,
    team_name,
    role,
from {{ source('gigstack', 'user_teams') }}
