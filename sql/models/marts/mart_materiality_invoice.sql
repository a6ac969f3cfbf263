-- One row per valid invoice (I): which evidence it has of the roles that the policy asks for.
-- Complete or not is told against that policy, which is internal; it says nothing about any law.
with invoices as (
    select * from {{ live('fct_cfdi') }}
    where cfdi_type_code = 'I' and is_valid
),

documents as (
    select
        cfdi_key,
        cast(count(*) as integer) as documents_count,
        cast(count(*) filter (where is_approved) as integer) as documents_approved_count,
        min(ai_confidence) as min_ai_confidence,
        {%- for role in ['agreement', 'corroboration', 'payment', 'performance'] %}
        bool_or(evidence_role = '{{ role }}' and is_approved) as has_{{ role }},
        bool_or(evidence_role = '{{ role }}' and not is_approved) as has_partial_{{ role }},
        {%- endfor %}
    from {{ ref('bridge_invoice_document') }}
    group by cfdi_key
),

complements as (
    select distinct cfdi_key
    from {{ live('fct_rep_document') }}
    where is_effective
),

payments as (
    select distinct cfdi_key
    from {{ live('fct_payment_invoice') }}
    where is_collected
),

bands as (
    select
        coalesce(cast(amount_up_to_mxn as decimal(18, 2)), 9999999999999999) as amount_up_to_mxn,
        {%- for role in ['agreement', 'corroboration', 'payment', 'performance'] %}
        cast(requires_{{ role }} as boolean) as requires_{{ role }},
        {%- endfor %}
    from {{ ref('materiality_policy') }}
    where policy = '{{ var("materiality_policy") }}'
),

-- without an exchange rate the amount is unknown: the highest band
banded as (
    select
        invoices.cfdi_key,
        arg_min(bands, bands.amount_up_to_mxn) as band,
    from invoices
    inner join bands
        on coalesce(invoices.total_mxn, 9999999999999999) <= bands.amount_up_to_mxn
    group by invoices.cfdi_key
),

found as (
    select
        invoices.*,
        case
            when documents.has_payment then 'document'
            when complements.cfdi_key is not null then 'rep'
            when payments.cfdi_key is not null then 'payment'
        end as payment_evidence_source,
        coalesce(documents.documents_count, 0) as documents_count,
        coalesce(documents.documents_approved_count, 0) as documents_approved_count,
        documents.min_ai_confidence,
        {%- for role in ['agreement', 'corroboration', 'payment', 'performance'] %}
        coalesce(banded.band.requires_{{ role }}, true) as requires_{{ role }},
        coalesce(documents.has_{{ role }}, false)
        {%- if role == 'payment' %}
        or complements.cfdi_key is not null or payments.cfdi_key is not null
        {%- endif %} as has_{{ role }},
        coalesce(documents.has_partial_{{ role }}, false) as has_partial_{{ role }},
        {%- endfor %}
    from invoices
    left join documents on invoices.cfdi_key = documents.cfdi_key
    left join complements on invoices.cfdi_key = complements.cfdi_key
    left join payments on invoices.cfdi_key = payments.cfdi_key
    left join banded on invoices.cfdi_key = banded.cfdi_key
),

weights as (
    select
        {%- for role in ['agreement', 'corroboration', 'payment', 'performance'] %}
        max(evidence_weight) filter (where evidence_role = '{{ role }}') as {{ role }},
        {%- endfor %}
    from {{ ref('dim_document_type') }}
),

weighed as (
    select
        found.*,
        {%- for measure, given in [('required_weight', ''), ('approved_weight', 'has_')] %}
        cast(
            0
            {%- for role in ['agreement', 'corroboration', 'payment', 'performance'] %}
            + if(
                found.requires_{{ role }}{{ ' and found.has_' ~ role if given }},
                weights.{{ role }},
                0
            )
            {%- endfor %} as integer
        ) as {{ measure }},
        {%- endfor %}
        nullif(concat_ws(
            ', '
            {%- for role in ['agreement', 'corroboration', 'payment', 'performance'] %},
            if(found.requires_{{ role }}, '{{ role }}', null)
            {%- endfor %}
        ), '') as required_roles,
        nullif(concat_ws(
            ', '
            {%- for role in ['agreement', 'corroboration', 'payment', 'performance'] %},
            if(found.requires_{{ role }} and not found.has_{{ role }}, '{{ role }}', null)
            {%- endfor %}
        ), '') as missing_roles,
        nullif(concat_ws(
            ', '
            {%- for role in ['agreement', 'corroboration', 'payment', 'performance'] %},
            if(
                found.requires_{{ role }} and not found.has_{{ role }}
                and found.has_partial_{{ role }},
                '{{ role }}',
                null
            )
            {%- endfor %}
        ), '') as partial_roles,
    from found
    cross join weights
)

select
    weighed.cfdi_key,
    weighed.client_key,
    weighed.team_id,
    weighed.cfdi_id,
    weighed.uuid,
    clients.client_name,
    weighed.series,
    weighed.folio_number,
    weighed.currency_code,
    '{{ var("materiality_policy") }}' as policy,
    weighed.required_roles,
    weighed.missing_roles,
    weighed.partial_roles,
    weighed.payment_evidence_source,
    weighed.total,
    weighed.total_mxn,
    if(weighed.missing_roles is null, 0, weighed.total_mxn) as uncovered_amount_mxn,
    weighed.required_weight,
    weighed.approved_weight,
    {{ share('weighed.approved_weight', 1, 'weighed.required_weight', 4) }} as evidence_score,
    weighed.documents_count,
    weighed.documents_approved_count,
    weighed.min_ai_confidence,
    weighed.missing_roles is null as is_evidence_complete,
    weighed.has_agreement,
    weighed.has_performance,
    weighed.has_payment,
    weighed.has_corroboration,
    weighed.is_fx_missing,
    weighed.issue_date,
    weighed.issue_month,
    weighed.as_of_date,
from weighed
left join {{ ref('dim_client') }} as clients on weighed.client_key = clients.client_key
