-- One row per warning of a support document's extraction.
select
    team_id,
    document_id,
    warning,
    warning_number,
from {{ source('gigstack', 'support_document_warnings') }}
