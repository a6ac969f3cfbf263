-- One row per CFDI that is cancelled or that somebody asked to cancel, by the as-of day.
select
    cancellations.cfdi_key,
    cancellations.client_key,
    cancellations.replacement_cfdi_key,
    cancellations.team_id,
    cancellations.cfdi_id,
    documents.uuid,
    replacements.uuid as replacement_uuid,
    clients.client_name,
    documents.series,
    documents.folio_number,
    documents.cfdi_type_code,
    documents.payment_method_code,
    documents.currency_code,
    cancellations.cancellation_motive_code,
    motives.description_es as cancellation_motive,
    cancellations.cancellation_state,
    documents.cancellation_status,
    documents.cancellation_type,
    documents.net_amount,
    documents.net_amount_mxn,
    documents.total_mxn,
    cast(cancellations.cancelled_date - cancellations.issue_date as integer) as days_to_cancel,
    cast(
        coalesce(cancellations.cancelled_date, cancellations.as_of_date)
        - cancellations.cancellation_requested_date as integer
    ) as days_since_request,
    coalesce(chain.replacement_number, 0) as replacement_number,
    coalesce(chain.replacements_count, 0) as replacements_count,
    cancellations.acceptance_required,
    cancellations.has_valid_replacement,
    coalesce(cancellations.cancelled_date = cancellations.issue_date, false) as is_same_day,
    documents.is_cancelled_in_later_month as crosses_month,
    documents.is_cancelled_in_later_year as crosses_year,
    cancellations.issue_date,
    documents.issue_month,
    cancellations.cancellation_requested_date,
    cancellations.acceptance_due_date,
    cancellations.cancelled_date,
    {{ month_of('cancellations.cancelled_date') }} as cancelled_month,
    cancellations.cancel_deadline_date,
    cancellations.as_of_date,
from {{ live('fct_cancellation') }} as cancellations
inner join {{ live('fct_cfdi') }} as documents on cancellations.cfdi_key = documents.cfdi_key
left join {{ live('fct_cfdi') }} as replacements
    on cancellations.replacement_cfdi_key = replacements.cfdi_key
left join {{ ref('bridge_cfdi_replacement') }} as chain
    on cancellations.cfdi_key = chain.cfdi_key
left join {{ ref('dim_cancellation_motive') }} as motives
    on cancellations.cancellation_motive_code = motives.cancellation_motive_code
left join {{ ref('dim_client') }} as clients on cancellations.client_key = clients.client_key
where cancellations.cancellation_state <> 'none'
