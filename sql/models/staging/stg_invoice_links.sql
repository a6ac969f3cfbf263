-- One row per other invoice that an invoice names.
select
    team_id,
    invoice_id,
    linked_invoice_id,
from {{ source('gigstack', 'invoice_links') }}
