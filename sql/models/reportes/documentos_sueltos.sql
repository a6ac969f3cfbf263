-- One row per row of mart_documents_unlinked, with labels in Spanish.
select
    team_id as "Equipo",
    document_id as "Documento (id)",
    problem as "Problema",
    entity_type as "Tipo de objeto",
    entity_id as "Objeto (id)",
    suggested_entity_id as "Objeto sugerido (id)",
    client_name as "Cliente",
    document_name as "Documento",
    document_type as "Tipo de documento",
    compliance_status as "Estado del documento",
    file_name as "Archivo",
    created_date as "Fecha de creación",
    as_of_date as "Fecha de corte",
from {{ ref('mart_documents_unlinked') }}
