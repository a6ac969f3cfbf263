-- Invoices that may still change: not stamped yet, PPD with a balance, cancellation in progress.
select
    team_id,
    document_kind as kind,
    invoice_id as id,
    created_at,
from gigstack.invoices
where
    deleted_at is null
    and status <> 'cancelled'
    and (
        status <> 'valid'
        or (payment_method = 'PPD' and coalesce(last_balance, 0) > 0)
        or lower(cancellation_status) in ('requested', 'pending', 'in_process', 'in_progress')
    )
