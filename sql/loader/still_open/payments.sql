-- Payments whose status is not final.
select
    team_id,
    null::varchar as kind,
    payment_id as id,
    created_at,
from gigstack.payments
where
    deleted_at is null
    and coalesce(status, '') not in ('succeeded', 'failed', 'cancelled', 'refunded')
