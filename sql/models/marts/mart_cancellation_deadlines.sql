-- One row per CFDI and problem of its cancellation that needs somebody: acceptance pending or
-- overdue, refused, motive 01 without a valid replacement, or both the old and the new one valid.
with told as (
    select
        *,
        [
            case
                when cancellation_state = 'requested' and as_of_date <= acceptance_due_date
                    then 'acceptance_pending'
                when cancellation_state = 'requested' and acceptance_required is not false
                    then 'acceptance_overdue'
                when cancellation_state in ('rejected', 'not_cancellable') then 'rejected'
            end,
            if(
                cancellation_state in ('requested', 'cancelled')
                and cancellation_motive_code = '01' and not has_valid_replacement,
                'replacement_missing',
                null
            ),
            if(cancellation_state <> 'cancelled' and is_replaced, 'both_valid', null),
        ] as problems,
    from {{ live('fct_cancellation') }}
),

findings as (
    select
        * exclude (problems),
        unnest(list_filter(problems, lambda problem: problem is not null)) as problem,
    from told
)

select
    {{ key(['findings.cfdi_key', 'findings.problem']) }} as cancellation_finding_key,
    findings.cfdi_key,
    findings.client_key,
    findings.replacement_cfdi_key,
    findings.team_id,
    findings.cfdi_id,
    documents.uuid,
    replacements.uuid as replacement_uuid,
    newest.uuid as current_uuid,
    findings.problem,
    clients.client_name,
    documents.series,
    documents.folio_number,
    documents.cfdi_type_code,
    documents.currency_code,
    findings.cancellation_motive_code,
    findings.cancellation_state,
    documents.total,
    documents.total_mxn,
    cast(findings.cancel_deadline_date - findings.as_of_date as integer) as days_left,
    findings.acceptance_required,
    findings.issue_date,
    findings.cancellation_requested_date,
    findings.acceptance_due_date,
    findings.cancel_deadline_date,
    findings.as_of_date,
from findings
inner join {{ live('fct_cfdi') }} as documents on findings.cfdi_key = documents.cfdi_key
left join {{ live('fct_cfdi') }} as replacements
    on findings.replacement_cfdi_key = replacements.cfdi_key
left join {{ live('fct_cfdi') }} as newest on findings.current_cfdi_key = newest.cfdi_key
left join {{ ref('dim_client') }} as clients on findings.client_key = clients.client_key
