-- One row per complement of a CFDI, its text as sent.
-- `make generate` writes this view.
select
    team_id,
    invoice_id,
    type as complement_type,
    data,
    complement_number,
from {{ source('gigstack', 'invoice_complements') }}
