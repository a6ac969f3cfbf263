-- One row per team, stream, reason and field of records that the loader could not take, by the
-- as-of day. The records themselves stay in ops.rejects.
select
    {{ key([
        'rejects.team_id', 'rejects.stream', 'rejects.reason', "coalesce(rejects.field, '')"
    ]) }} as reject_key,
    rejects.team_id,
    rejects.stream,
    rejects.reason as reject_reason,
    rejects.field as rejected_field,
    cast(count(*) as integer) as rejects_count,
    true as is_in_scope,
    min({{ local_date('rejects.seen_at', 'rejects.team_id') }}) as first_seen_date,
from {{ source('ops', 'rejects') }} as rejects
inner join {{ ref('dim_team') }} as teams on rejects.team_id = teams.team_id
where {{ local_date('rejects.seen_at', 'rejects.team_id') }} <= teams.as_of_date
group by rejects.team_id, rejects.stream, rejects.reason, rejects.field
