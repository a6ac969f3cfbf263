-- One row per warning of the extraction, numbered as listed.
-- `make generate` writes this view.
select
    team_id,
    document_id,
    warning,
    warning_number,
from {{ source('gigstack', 'support_document_warnings') }}
