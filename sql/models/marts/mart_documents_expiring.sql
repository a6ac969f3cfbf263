-- One row per support document that ended or ends within 90 days, and what depends on it.
with documents as (
    select
        *,
        cast(valid_until_date - as_of_date as integer) as days_to_expiry,
    from {{ live('fct_support_document') }}
),

ending as (
    select *, from documents
    where compliance_status <> 'rejected' and days_to_expiry <= 90
),

depending as (
    select
        links.document_key,
        cast(count(*) as integer) as invoices_depending,
        {{ money('coalesce(sum(invoices.total_mxn), 0)') }} as amount_depending_mxn,
    from {{ ref('bridge_invoice_document') }} as links
    inner join {{ live('fct_cfdi') }} as invoices on links.cfdi_key = invoices.cfdi_key
    group by links.document_key
),

links as (
    select
        document_key,
        entity_type,
        entity_id,
        team_id,
    from {{ ref('bridge_document_entity') }}
    where is_in_scope and link_kind = 'linked'
),

-- the newest document of the same type that shares a link, counts, and lasts longer
renewals as (
    select
        ending.document_key,
        arg_max(later.document_id, (later.created_at, later.document_id)) as renewal_document_id,
    from ending
    inner join links as old on ending.document_key = old.document_key
    inner join links as other
        on
            old.team_id = other.team_id
            and old.entity_type = other.entity_type
            and old.entity_id = other.entity_id
    inner join documents as later on other.document_key = later.document_key
    where
        later.document_type = ending.document_type and later.is_counting
        and later.created_at > ending.created_at
        and coalesce(later.valid_until_date > ending.valid_until_date, true)
    group by ending.document_key
)

select
    ending.document_key,
    ending.client_key,
    ending.team_id,
    ending.document_id,
    renewals.renewal_document_id,
    clients.client_name,
    ending.document_name,
    ending.document_type,
    ending.evidence_role,
    ending.compliance_status,
    case
        when ending.days_to_expiry < 0 then 'expired'
        when ending.days_to_expiry <= 7 then '0-7'
        when ending.days_to_expiry <= 30 then '8-30'
        when ending.days_to_expiry <= 60 then '31-60'
        else '61-90'
    end as expiry_window,
    ending.days_to_expiry,
    coalesce(depending.invoices_depending, 0) as invoices_depending,
    coalesce(depending.amount_depending_mxn, 0) as amount_depending_mxn,
    renewals.renewal_document_id is not null as has_renewal,
    ending.valid_from_date,
    ending.valid_until_date,
    ending.as_of_date,
from ending
left join depending on ending.document_key = depending.document_key
left join renewals on ending.document_key = renewals.document_key
left join {{ ref('dim_client') }} as clients on ending.client_key = clients.client_key
