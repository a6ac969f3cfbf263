-- One row per object a document is linked to, numbered as listed.
-- `make generate` writes this view.
select
    team_id,
    document_id,
    entity_id,
    entity_type,
    link_number,
    {{ local_date('linked_at') }} as linked_date,
    linked_at,
from {{ source('gigstack', 'support_document_linked_entities') }}
