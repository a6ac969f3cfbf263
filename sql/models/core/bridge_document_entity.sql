-- One row per support document and object that it has to do with. Linked: the document names the
-- object. Listed: the API lists it there; under a client that is a link, but a client's documents
-- are listed under its invoices and payments too, which is none (is_evidence). Inherited: it is the
-- client's, and was valid on the day of the client's invoice or payment.
with documents as (
    select
        documents.team_id,
        documents.document_id,
        documents.valid_from_date,
        documents.valid_until_date,
        coalesce(documents.is_live, true)
        and coalesce(documents.deleted_date > teams.as_of_date, true)
        and coalesce(documents.created_date <= teams.as_of_date, true) as is_in_scope,
    from {{ ref('stg_support_documents') }} as documents
    inner join {{ ref('dim_team') }} as teams on documents.team_id = teams.team_id
),

entities as (
    select
        team_id,
        'client' as entity_type,
        client_id as entity_id,
        client_key as entity_key,
        client_key,
    from {{ ref('dim_client') }}
    union all
    select
        named.team_id,
        'invoice' as entity_type,
        named.reference as entity_id,
        invoices.cfdi_key as entity_key,
        invoices.client_key,
    from {{ ref('bridge_cfdi_reference') }} as named
    inner join {{ ref('fct_cfdi') }} as invoices on named.cfdi_key = invoices.cfdi_key
    union all
    select
        team_id,
        'payment' as entity_type,
        payment_id as entity_id,
        payment_key as entity_key,
        client_key,
    from {{ ref('fct_payment') }}
    union all
    select
        team_id,
        'receipt' as entity_type,
        receipt_id as entity_id,
        receipt_key as entity_key,
        client_key,
    from {{ ref('fct_receipt') }}
),

named as (
    select
        team_id,
        document_id,
        entity_type,
        entity_id,
        'linked' as link_kind,
        1 as rank,
        linked_date,
    from {{ ref('stg_support_document_linked_entities') }}
    union all
    select
        team_id,
        document_id,
        parent_type as entity_type,
        parent_id as entity_id,
        'listed' as link_kind,
        if(parent_type = 'client', 2, 4) as rank,
        null as linked_date,
    from {{ ref('stg_support_document_parents') }}
),

direct as (
    select
        named.team_id,
        named.document_id,
        named.entity_type,
        named.link_kind,
        named.rank,
        named.linked_date,
        -- an invoice goes by its id or its folio fiscal
        coalesce(entities.entity_key, {{ key(['named.team_id', 'named.entity_id']) }})
            as entity_key,
        named.entity_id,
        coalesce(entities.client_key, 'unknown') as client_key,
        entities.entity_key is not null as is_entity_known,
    from named
    left join entities
        on
            named.team_id = entities.team_id
            and named.entity_type = entities.entity_type
            and named.entity_id = entities.entity_id
),

clients as (
    select distinct
        direct.document_id,
        direct.team_id,
        direct.client_key,
        coalesce(documents.valid_from_date, date '0001-01-01') as first_date,
        coalesce(documents.valid_until_date, date '9999-12-31') as last_date,
    from direct
    inner join documents
        on direct.team_id = documents.team_id and direct.document_id = documents.document_id
    where direct.entity_type = 'client' and direct.is_entity_known
),

inherited as (
    select
        clients.team_id,
        clients.document_id,
        'invoice' as entity_type,
        invoices.cfdi_id as entity_id,
        invoices.cfdi_key as entity_key,
        clients.client_key,
    from clients
    inner join {{ ref('fct_cfdi') }} as invoices
        on
            clients.client_key = invoices.client_key
            and invoices.issue_date between clients.first_date and clients.last_date
    where invoices.cfdi_type_code = 'I'
    union all
    select
        clients.team_id,
        clients.document_id,
        'payment' as entity_type,
        payments.payment_id as entity_id,
        payments.payment_key as entity_key,
        clients.client_key,
    from clients
    inner join {{ ref('fct_payment') }} as payments
        on
            clients.client_key = payments.client_key
            and coalesce(payments.collected_date, payments.created_date)
            between clients.first_date and clients.last_date
),

ways as (
    select *, from direct
    union all by name
    select
        *,
        'inherited' as link_kind,
        3 as rank,
        true as is_entity_known,
    from inherited
),

strongest as (
    select
        team_id,
        document_id,
        entity_type,
        entity_key,
        min(rank) as rank,
        arg_min(entity_id, rank) as entity_id,
        arg_min(link_kind, rank) as link_kind,
        any_value(client_key) as client_key,
        any_value(is_entity_known) as is_entity_known,
        min(linked_date) as linked_date,
    from ways
    group by team_id, document_id, entity_type, entity_key
)

select
    {{ key(['strongest.document_id', 'strongest.entity_type', 'strongest.entity_key']) }}
        as document_entity_key,
    {{ key(['strongest.team_id', 'strongest.document_id']) }} as document_key,
    if(strongest.is_entity_known, strongest.entity_key, 'unknown') as entity_key,
    strongest.client_key,
    strongest.team_id,
    strongest.document_id,
    strongest.entity_type,
    strongest.entity_id,
    strongest.link_kind,
    strongest.is_entity_known,
    strongest.rank < 4 as is_evidence,
    documents.is_in_scope,
    strongest.linked_date,
from strongest
inner join documents
    on strongest.team_id = documents.team_id and strongest.document_id = documents.document_id
