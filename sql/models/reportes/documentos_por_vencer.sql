-- One row per row of mart_documents_expiring, with labels in Spanish.
select
    team_id as "Equipo",
    document_id as "Documento (id)",
    renewal_document_id as "Renovado por",
    client_name as "Cliente",
    document_name as "Documento",
    document_type as "Tipo de documento",
    evidence_role as "Papel como evidencia",
    compliance_status as "Estado del documento",
    expiry_window as "Ventana",
    days_to_expiry as "Días para vencer",
    invoices_depending as "Facturas que dependen",
    amount_depending_mxn as "Importe que depende MXN",
    has_renewal as "Renovado",
    valid_from_date as "Vigente desde",
    valid_until_date as "Vigente hasta",
    as_of_date as "Fecha de corte",
from {{ ref('mart_documents_expiring') }}
