-- One row per thing that needs a person, as of the as-of day. alert_id stays the same from day to
-- day while the thing does, so what is new is what was not there before.
with documents_ending as (
    select
        'document_expires' as alert_type,
        case
            when days_to_expiry < 0 and invoices_depending > 0 then 'high'
            when days_to_expiry <= 7 or invoices_depending > 0 then 'medium'
            else 'low'
        end as severity,
        client_key,
        document_key,
        team_id,
        'document' as entity_type,
        document_id as entity_id,
        cast(valid_until_date as varchar) as occurrence,
        if(days_to_expiry < 0, 'Documento vencido', 'Documento por vencer') as label,
        coalesce(document_name, document_id) as subject,
        amount_depending_mxn as amount_mxn,
        valid_until_date as due_date,
    from {{ ref('mart_documents_expiring') }}
    where not has_renewal and days_to_expiry between -90 and 30
),

audits_failed as (
    select
        'audit_failed' as alert_type,
        'medium' as severity,
        client_key,
        document_key,
        team_id,
        'document' as entity_type,
        document_id as entity_id,
        concat_ws('|', context_type, context_id, audited_date) as occurrence,
        'Auditoría no aprobada' as label,
        coalesce(document_name, document_id) as subject,
        audited_date as due_date,
    from {{ ref('mart_document_audits') }}
    where not is_never_audited and not is_passed and is_counting
),

complements as (
    select
        if(is_overdue, 'complement_overdue', 'complement_due') as alert_type,
        if(is_overdue, 'high', 'medium') as severity,
        client_key,
        cfdi_key,
        payment_key,
        team_id,
        'payment' as entity_type,
        payment_id as entity_id,
        cfdi_id as occurrence,
        if(
            is_overdue, 'Complemento de pago sin emitir', 'Complemento de pago por emitir'
        ) as label,
        coalesce(uuid, cfdi_id) as subject,
        owed_amount_mxn as amount_mxn,
        rep_due_date as due_date,
    from {{ ref('mart_rep_owed') }}
    where is_owed and days_to_due <= {{ setting('complement_alert_days') }}
),

cancellations as (
    select
        case problem
            when 'acceptance_overdue' then 'cancellation_overdue'
            when 'rejected' then 'cancellation_rejected'
            else problem
        end as alert_type,
        if(problem = 'both_valid', 'high', 'medium') as severity,
        client_key,
        cfdi_key,
        team_id,
        'invoice' as entity_type,
        cfdi_id as entity_id,
        coalesce(cast(cancellation_requested_date as varchar), '') as occurrence,
        case problem
            when 'acceptance_overdue' then 'Cancelación sin respuesta del receptor'
            when 'rejected' then 'Cancelación rechazada'
            when 'replacement_missing' then 'Cancelación con motivo 01 sin sustituto vigente'
            when 'both_valid' then 'CFDI y su sustituto vigentes a la vez'
        end as label,
        coalesce(uuid, cfdi_id) as subject,
        total_mxn as amount_mxn,
        coalesce(
            if(problem = 'acceptance_overdue', acceptance_due_date, null), cancel_deadline_date
        ) as due_date,
    from {{ ref('mart_cancellation_deadlines') }}
    where problem <> 'acceptance_pending'
),

receipts as (
    select
        'receipt_expires' as alert_type,
        if(is_expired_not_global, 'medium', 'low') as severity,
        client_key,
        receipt_key,
        team_id,
        'receipt' as entity_type,
        receipt_id as entity_id,
        cast(valid_until_date as varchar) as occurrence,
        if(
            is_expired_not_global, 'Recibo vencido sin factura', 'Recibo por vencer sin factura'
        ) as label,
        receipt_id as subject,
        total_mxn as amount_mxn,
        valid_until_date as due_date,
    from {{ ref('mart_receipts_open') }}
    where days_to_expiry <= 7
),

clients as (
    select
        'client_listed' as alert_type,
        if(efos_listed, 'high', 'medium') as severity,
        client_key,
        team_id,
        'client' as entity_type,
        client_id as entity_id,
        coalesce(sat_list_situation, '') as occurrence,
        'Cliente en listas del SAT' as label,
        coalesce(client_name, client_id) as subject,
        exposure_mxn as amount_mxn,
        as_of_date as due_date,
    from {{ ref('mart_client_risk') }}
    where efos_listed or sat_listed
),

streams as (
    select
        team_id,
        stream,
        any_value(as_of_date) as as_of_date,
        arg_max(load_status, finished_at) as last_status,
        max(finished_date) filter (where load_status = 'ok') as loaded_date,
        min(finished_date) as first_date,
    from {{ live('fct_run_stream') }}
    group by team_id, stream
),

stale as (
    select
        'data_stale' as alert_type,
        'medium' as severity,
        team_id,
        'stream' as entity_type,
        stream as entity_id,
        cast(loaded_date as varchar) as occurrence,
        'Datos sin actualizar' as label,
        stream as subject,
        coalesce(loaded_date, first_date) + {{ setting('stale_after_days') }} as due_date,
    from streams
    where last_status <> 'unavailable' and as_of_date > due_date
),

rejects as (
    select
        'records_rejected' as alert_type,
        'medium' as severity,
        team_id,
        'stream' as entity_type,
        stream as entity_id,
        concat_ws('|', reject_reason, rejected_field) as occurrence,
        'Registros rechazados' as label,
        concat_ws(', ', stream, reject_reason, rejected_field)
        || ' (' || rejects_count || ')' as subject,
        first_seen_date as due_date,
    from {{ live('fct_reject') }}
),

settlements as (
    select
        problem as alert_type,
        case
            when problem in ('refund_without_note', 'refund_amount_unknown') then 'medium'
            else 'low'
        end as severity,
        client_key,
        cfdi_key,
        payment_key,
        team_id,
        entity_type,
        entity_id,
        '' as occurrence,
        problem_es as label,
        subject,
        amount_mxn,
        found_date as due_date,
    from {{ ref('mart_settlement_findings') }}
    where problem <> 'payment_of_replaced_invoice'
),

alerts as (
    select *, from documents_ending
    union all by name
    select *, from audits_failed
    union all by name
    select *, from complements
    union all by name
    select *, from cancellations
    union all by name
    select *, from receipts
    union all by name
    select *, from clients
    union all by name
    select *, from stale
    union all by name
    select *, from rejects
    union all by name
    select *, from settlements
)

select
    {{ key([
        'alerts.alert_type', 'alerts.team_id', 'alerts.entity_type', 'alerts.entity_id',
        "coalesce(alerts.occurrence, '')"
    ]) }} as alert_id,
    coalesce(alerts.client_key, 'unknown') as client_key,
    coalesce(alerts.cfdi_key, 'unknown') as cfdi_key,
    coalesce(alerts.payment_key, 'unknown') as payment_key,
    coalesce(alerts.receipt_key, 'unknown') as receipt_key,
    coalesce(alerts.document_key, 'unknown') as document_key,
    alerts.team_id,
    alerts.alert_type,
    alerts.severity,
    alerts.entity_type,
    alerts.entity_id,
    alerts.label || ': ' || alerts.subject as title,
    alerts.subject,
    clients_of.client_name,
    alerts.amount_mxn,
    cast(alerts.due_date - teams.as_of_date as integer) as days_left,
    alerts.due_date,
    teams.as_of_date,
from alerts
inner join {{ ref('dim_team') }} as teams on alerts.team_id = teams.team_id
left join {{ ref('dim_client') }} as clients_of
    on alerts.client_key = clients_of.client_key and clients_of.client_key <> 'unknown'
