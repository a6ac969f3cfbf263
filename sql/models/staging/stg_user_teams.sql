-- One row per team of a user; without an id it goes by its place in the list.
-- `make generate` writes this view.
select
    team_id,
    user_id,
    member_team_id,
    team_name,
    role,
from {{ source('gigstack', 'user_teams') }}
