-- Receipts whose status is not final.
select
    team_id,
    null::varchar as kind,
    receipt_id as id,
    created_at,
from gigstack.receipts
where
    deleted_at is null
    and coalesce(status, '') not in ('invoiced', 'completed', 'stamped', 'expired', 'cancelled')
