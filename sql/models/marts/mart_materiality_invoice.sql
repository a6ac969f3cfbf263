-- One row per valid invoice (I): which evidence it has of the roles that the policy asks for.
-- Complete or not is told against that policy, which is internal; it says nothing about any law.
with invoices as (
    select *, from {{ live('fct_cfdi') }}
    where cfdi_type_code = 'I' and is_valid
),

documents as (
    select
        cfdi_key,
        evidence_role,
        count(*) as documents_count,
        count(*) filter (where is_approved) as approved_count,
        min(ai_confidence) as min_ai_confidence,
    from {{ ref('bridge_invoice_document') }}
    group by cfdi_key, evidence_role
),

counted as (
    select
        cfdi_key,
        cast(sum(documents_count) as integer) as documents_count,
        cast(sum(approved_count) as integer) as documents_approved_count,
        min(min_ai_confidence) as min_ai_confidence,
    from documents
    group by cfdi_key
),

paid as (
    select
        cfdi_key,
        max(payment_evidence_source) as payment_evidence_source, -- rep before payment
    from (
        select
            cfdi_key,
            'rep' as payment_evidence_source,
        from {{ live('fct_rep_document') }}
        where is_effective
        union all
        select
            cfdi_key,
            'payment' as payment_evidence_source,
        from {{ live('fct_payment_invoice') }}
        where is_collected
    )
    group by cfdi_key
),

policies as (
    select
        coalesce(cast(amount_up_to_mxn as decimal(18, 2)), 9999999999999999) as amount_up_to_mxn,
        evidence_role,
    from {{ ref('materiality_policy') }}
    where policy = {{ setting_text('materiality_policy') }}
),

-- without an exchange rate the amount is unknown: the highest band
banded as (
    select
        invoices.cfdi_key,
        min(policies.amount_up_to_mxn) as amount_up_to_mxn,
    from invoices
    inner join policies
        on coalesce(invoices.total_mxn, 9999999999999999) <= policies.amount_up_to_mxn
    group by invoices.cfdi_key
),

judged as (
    select
        banded.cfdi_key,
        roles.evidence_role,
        cast(roles.weight as integer) as weight,
        policies.evidence_role is not null as is_required,
        coalesce(documents.approved_count > 0, false)
        or (roles.evidence_role = 'payment' and paid.cfdi_key is not null) as is_approved,
        coalesce(documents.documents_count > documents.approved_count, false) as is_partial,
        if(
            coalesce(documents.approved_count > 0, false), 'document', paid.payment_evidence_source
        ) as payment_evidence_source,
    from banded
    cross join {{ ref('evidence_role') }} as roles
    left join policies
        on
            banded.amount_up_to_mxn = policies.amount_up_to_mxn
            and roles.evidence_role = policies.evidence_role
    left join documents
        on
            banded.cfdi_key = documents.cfdi_key
            and roles.evidence_role = documents.evidence_role
    left join paid on banded.cfdi_key = paid.cfdi_key
),

summed as (
    select
        cfdi_key,
        string_agg(evidence_role, ', ' order by evidence_role) filter (where is_required)
            as required_roles,
        string_agg(evidence_role, ', ' order by evidence_role)
        filter (where is_required and not is_approved) as missing_roles,
        string_agg(evidence_role, ', ' order by evidence_role)
        filter (where is_required and not is_approved and is_partial) as partial_roles,
        max(payment_evidence_source) filter (where evidence_role = 'payment')
            as payment_evidence_source,
        cast(coalesce(sum(weight) filter (where is_required), 0) as integer) as required_weight,
        cast(coalesce(sum(weight) filter (where is_required and is_approved), 0) as integer)
            as approved_weight,
        bool_or(evidence_role = 'agreement' and is_approved) as has_agreement,
        bool_or(evidence_role = 'performance' and is_approved) as has_performance,
        bool_or(evidence_role = 'payment' and is_approved) as has_payment,
        bool_or(evidence_role = 'corroboration' and is_approved) as has_corroboration,
    from judged
    group by cfdi_key
)

select
    invoices.cfdi_key,
    invoices.client_key,
    invoices.team_id,
    invoices.cfdi_id,
    invoices.uuid,
    clients.client_name,
    invoices.series,
    invoices.folio_number,
    invoices.currency_code,
    {{ setting_text('materiality_policy') }} as policy,
    summed.required_roles,
    summed.missing_roles,
    summed.partial_roles,
    summed.payment_evidence_source,
    invoices.total,
    invoices.total_mxn,
    if(summed.missing_roles is null, 0, invoices.total_mxn) as uncovered_amount_mxn,
    summed.required_weight,
    summed.approved_weight,
    {{ share('summed.approved_weight', 1, 'summed.required_weight', 4) }} as evidence_score,
    coalesce(counted.documents_count, 0) as documents_count,
    coalesce(counted.documents_approved_count, 0) as documents_approved_count,
    counted.min_ai_confidence,
    summed.missing_roles is null as is_evidence_complete,
    summed.has_agreement,
    summed.has_performance,
    summed.has_payment,
    summed.has_corroboration,
    invoices.is_fx_missing,
    invoices.issue_date,
    invoices.issue_month,
    invoices.as_of_date,
from invoices
inner join summed on invoices.cfdi_key = summed.cfdi_key
left join counted on invoices.cfdi_key = counted.cfdi_key
left join {{ ref('dim_client') }} as clients on invoices.client_key = clients.client_key
