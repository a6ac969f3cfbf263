-- One row per thing that does not add up between invoices, payments, refunds and credit notes: what
-- it is, how much, and what to do.
with invoices as (
    select *, from {{ live('fct_cfdi') }}
    where is_valid and cfdi_type_code = 'I'
),

settled as (
    select
        settlements.cfdi_key,
        coalesce(sum(settlements.amount) filter (settlement_type = 'payment'), 0) as paid,
        coalesce(-sum(settlements.amount) filter (settlement_type = 'refund'), 0) as refunded,
        coalesce(sum(settlements.amount) filter (settlement_type = 'credit_note'), 0) as credited,
        max(settlements.settlement_date) filter (settlement_type = 'payment') as paid_date,
        max(settlements.settlement_date) filter (settlement_type = 'refund') as refund_date,
        max(settlements.settlement_date) filter (settlement_type = 'credit_note') as credit_date,
    from {{ live('fct_invoice_settlement') }} as settlements
    where settlements.is_effective
    group by settlements.cfdi_key
),

-- money that went back although the invoice still says it is due; money beyond the total needs no
-- note to go back
balances as (
    select
        invoices.*,
        settled.paid_date,
        settled.refund_date,
        settled.credit_date,
        settled.refunded - greatest(settled.paid - invoices.total, 0) - settled.credited
            as uncredited,
        settled.paid - settled.refunded + settled.credited - invoices.total as credit,
        least(
            settled.credited, settled.paid - settled.refunded + settled.credited - invoices.total
        ) as credit_of_notes,
    from invoices
    inner join settled on invoices.cfdi_key = settled.cfdi_key
),

of_invoices as (
    select
        'refund_without_note' as problem,
        *,
        uncredited as problem_amount,
        refund_date as found_date,
    from balances
    where uncredited > 0.01
    union all by name
    select
        'note_without_refund' as problem,
        *,
        credit_of_notes as problem_amount,
        credit_date as found_date,
    from balances
    where credit_of_notes > 0.01
    union all by name
    select
        'overpayment' as problem,
        *,
        credit - greatest(credit_of_notes, 0) as problem_amount,
        paid_date as found_date,
    from balances
    where credit - greatest(credit_of_notes, 0) > 0.01
    union all by name
    select
        'rate_missing' as problem,
        *,
        total as problem_amount,
        issue_date as found_date,
    from {{ live('fct_cfdi') }}
    where is_valid and is_fx_missing and cfdi_type_code in ('I', 'E')
),

applied as (
    select relations.related_cfdi_key as cfdi_key,
    from {{ live('fct_cfdi_relation') }} as relations
    inner join {{ live('fct_cfdi') }} as applying
        on relations.cfdi_key = applying.cfdi_key and applying.is_valid
    where relations.relation_type_code = '07'
),

-- an advance (c_ClaveProdServ 84111506) that no other CFDI applies (07)
advances as (
    select
        'advance_not_applied' as problem,
        invoices.*,
        invoices.total as problem_amount,
        invoices.issue_date as found_date,
    from invoices
    semi join {{ live('fct_cfdi_line') }} as lines
        on invoices.cfdi_key = lines.cfdi_key and lines.product_code = '84111506'
    anti join applied on invoices.cfdi_key = applied.cfdi_key
),

in_documents as (
    select *, from of_invoices
    union all by name
    select *, from advances
),

documents as (
    select
        problem,
        'invoice' as entity_type,
        cfdi_id as entity_id,
        coalesce(uuid, cfdi_id) as subject,
        cfdi_key,
        client_key,
        team_id,
        currency_code,
        problem_amount as amount,
        {{ to_mxn('problem_amount') }} as amount_mxn,
        found_date,
    from in_documents
),

-- the money counts for the invoice that stands; the payment should name it
payments as (
    select
        'payment_of_replaced_invoice' as problem,
        'payment' as entity_type,
        payments.payment_id as entity_id,
        payments.payment_id as subject,
        min(parts.cfdi_key) as cfdi_key,
        payments.payment_key,
        payments.client_key,
        payments.team_id,
        payments.currency_code,
        sum(parts.payment_amount) as amount,
        sum(parts.payment_amount_mxn) as amount_mxn,
        payments.collected_date as found_date,
    from {{ live('fct_payment') }} as payments
    inner join {{ live('fct_payment_invoice') }} as parts
        on payments.payment_key = parts.payment_key and parts.is_redirected
    where payments.is_collected
    group by all
    union all by name
    select
        'refund_amount_unknown' as problem,
        'payment' as entity_type,
        refunds.payment_id as entity_id,
        refunds.payment_id as subject,
        refunds.payment_key,
        refunds.client_key,
        refunds.team_id,
        refunds.currency_code,
        min(refunds.refund_date) as found_date,
    from {{ live('fct_refund') }} as refunds
    where refunds.is_effective and refunds.amount is null
    group by all
),

findings as (
    select *, from documents
    union all by name
    select *, from payments
)

select
    {{ key([
        'findings.team_id', 'findings.entity_type', 'findings.entity_id', 'findings.problem'
    ]) }} as settlement_finding_key,
    coalesce(findings.cfdi_key, 'unknown') as cfdi_key,
    coalesce(findings.payment_key, 'unknown') as payment_key,
    findings.client_key,
    findings.team_id,
    findings.entity_type,
    findings.entity_id,
    findings.subject,
    coalesce(clients.client_name, 'Sin cliente') as client_name,
    findings.problem,
    case findings.problem
        when 'refund_without_note' then 'Devolución sin nota de crédito'
        when 'note_without_refund' then 'Nota de crédito por dinero que no se ha devuelto'
        when 'overpayment' then 'Pago de más: saldo a favor del cliente'
        when 'rate_missing' then 'CFDI en moneda extranjera sin tipo de cambio'
        when 'advance_not_applied' then 'Anticipo por aplicar'
        when 'payment_of_replaced_invoice' then 'Pago ligado a una factura sustituida'
        when 'refund_amount_unknown' then 'Devolución sin importe'
    end as problem_es,
    case findings.problem
        when 'refund_without_note'
            then 'Emitir la nota de crédito (E, relación 01 o 03) por lo devuelto.'
        when 'note_without_refund'
            then 'Devolver el dinero o aplicarlo a otra factura del cliente.'
        when 'overpayment' then 'Devolver lo pagado de más o aplicarlo a otra factura.'
        when 'rate_missing' then 'Pedir el tipo de cambio; sin él no hay importe en pesos.'
        when 'advance_not_applied' then 'Aplicarlo a la factura final (relación 07) o devolverlo.'
        when 'payment_of_replaced_invoice'
            then 'Ligar el pago a la vigente; aquí ya cuenta para ella.'
        when 'refund_amount_unknown'
            then 'Consultar en gigstack cuánto se devolvió; no se restó nada.'
    end as what_to_do_es,
    findings.currency_code,
    {{ money('findings.amount') }} as amount,
    {{ money('findings.amount_mxn') }} as amount_mxn,
    cast(teams.as_of_date - findings.found_date as integer) as age_days,
    findings.found_date,
    teams.as_of_date,
from findings
inner join {{ ref('dim_team') }} as teams on findings.team_id = teams.team_id
left join {{ ref('dim_client') }} as clients on findings.client_key = clients.client_key
