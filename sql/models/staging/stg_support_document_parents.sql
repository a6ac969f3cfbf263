-- One row per document and object that it was listed under.
-- `make generate` writes this view.
select
    team_id,
    document_id,
    parent_id,
    parent_type,
from {{ source('gigstack', 'support_document_parents') }}
