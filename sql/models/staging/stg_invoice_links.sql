-- One row per other invoice that an invoice names.
-- `make generate` writes this view.
select
    team_id,
    invoice_id,
    linked_invoice_id,
from {{ source('gigstack', 'invoice_links') }}
