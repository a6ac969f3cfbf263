-- One row per object that a support document is linked to.
select
    team_id,
    document_id,
    entity_id,
    entity_type,
    link_number,
    {{ local_date('linked_at') }} as linked_date,
    linked_at,
from {{ source('gigstack', 'support_document_linked_entities') }}
