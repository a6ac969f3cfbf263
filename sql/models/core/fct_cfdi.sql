-- One row per CFDI that the team issued, as of dim_team.as_of_date. Deleted and test documents are
-- here with a flag (is_in_scope); marts read live('fct_cfdi').
with dated as (
    select
        invoices.* exclude (currency_code, exchange_rate),
        teams.as_of_date,
        {{ key(['invoices.team_id', 'invoices.invoice_id']) }} as cfdi_key,
        {{ key_or_unknown(['invoices.team_id', 'invoices.client_id']) }} as client_key,
        coalesce(invoices.currency_code, 'MXN') as currency_code,
        invoices.currency_code is null as is_currency_assumed,
        case
            when coalesce(invoices.currency_code, 'MXN') = 'MXN' then 1
            when invoices.exchange_rate > 0 then invoices.exchange_rate
        end as exchange_rate,
        invoices.exchange_rate as reported_exchange_rate,
        coalesce(invoices.issued_date, invoices.stamped_date, invoices.created_date) as issue_date,
        case
            when invoices.issued_date is not null then 'cfdi'
            when invoices.stamped_date is not null then 'stamp'
            else 'created'
        end as issue_date_source,
        -- the best day that the API tells; nothing is cancelled before it was issued
        greatest(
            coalesce(
                invoices.cancelled_date, invoices.cancellation_requested_date,
                {{ local_date('invoices.cancellation_checked_at', 'invoices.team_id') }}, issue_date
            ),
            issue_date
        ) as last_cancelled_date,
        types.revenue_sign,
        coalesce(clients.terms_days, teams.default_terms_days) as terms_days,
        teams.person_type as issuer_person_type,
    from {{ ref('stg_invoices') }} as invoices
    inner join {{ ref('dim_team') }} as teams on invoices.team_id = teams.team_id
    left join {{ ref('dim_client') }} as clients
        on invoices.team_id = clients.team_id and invoices.client_id = clients.client_id
    left join {{ ref('dim_cfdi_type') }} as types
        on invoices.cfdi_type_code = types.cfdi_type_code
),

flagged as (
    select
        *,
        coalesce(is_live, true)
        and coalesce(deleted_date > as_of_date, true)
        and coalesce(created_date, issue_date) <= as_of_date as is_in_scope,
        coalesce(status = 'cancelled' and last_cancelled_date <= as_of_date, false) as is_cancelled,
        coalesce(
            (stamped_at is not null or uuid is not null)
            and coalesce(stamped_date, issue_date) <= as_of_date
            and status in {{ statuses('invoice', 'is_stamped') }},
            false
        ) as is_stamped,
    from dated
),

replacing as (
    select
        relations.related_cfdi_key as cfdi_key,
        arg_min(flagged.cfdi_key, flagged.issue_date) as replaced_by_cfdi_key,
        min(flagged.issue_date) as replaced_date,
    from {{ ref('fct_cfdi_relation') }} as relations
    inner join flagged on relations.cfdi_key = flagged.cfdi_key
    where
        relations.relation_type_code = '04' and flagged.is_in_scope
        and flagged.is_stamped and not flagged.is_cancelled
    group by relations.related_cfdi_key
),

lines as (
    select
        cfdi_key,
        cast(count(*) as integer) as lines_count,
        {{ money('sum(gross_amount)') }} as lines_subtotal,
        {{ money('sum(discount)') }} as lines_discount,
        try_cast(sum(net_amount) as decimal(18, 6)) as lines_net_amount,
    from {{ ref('fct_cfdi_line') }}
    group by cfdi_key
),

taxes as (
    select
        cfdi_key,
        sum(tax_amount) filter (not is_withheld and not is_outside_header) as transferred_taxes,
        sum(tax_amount) filter (is_withheld and not is_outside_header) as withheld_taxes,
        sum(if(is_withheld, -tax_amount, tax_amount)) filter (is_outside_header) as local_taxes,
    from {{ ref('fct_cfdi_tax') }}
    group by cfdi_key
),

-- payment complements and transfers carry no money of their own, whatever the API shows
amounts as (
    select
        flagged.*,
        replacing.replaced_by_cfdi_key,
        replacing.replaced_date,
        coalesce(lines.lines_count, 0) as lines_count,
        lines.lines_net_amount,
        if(revenue_sign = 0, 0, {{ money('coalesce(subtotal, lines.lines_subtotal, total)') }})
            as own_subtotal,
        if(revenue_sign = 0, 0, {{ money('coalesce(discount, 0)') }}) as own_discount,
        if(
            revenue_sign = 0,
            0,
            {{ money('coalesce(flagged.transferred_taxes, taxes.transferred_taxes, 0)') }}
        ) as own_transferred,
        if(
            revenue_sign = 0,
            0,
            {{ money('coalesce(flagged.withheld_taxes, taxes.withheld_taxes, 0)') }}
        ) as own_withheld,
        if(revenue_sign = 0, 0, {{ money('coalesce(taxes.local_taxes, 0)') }}) as own_local,
        if(
            revenue_sign = 0,
            0,
            {{ money(
                'coalesce(total, subtotal - coalesce(discount, 0) + own_transferred'
                ~ ' - own_withheld + own_local)'
            ) }}
        ) as own_total,
    from flagged
    left join replacing on flagged.cfdi_key = replacing.cfdi_key
    left join lines on flagged.cfdi_key = lines.cfdi_key
    left join taxes on flagged.cfdi_key = taxes.cfdi_key
),

in_pesos as (
    select
        *,
        {{ to_mxn('(own_subtotal - own_discount)') }} as net_amount_mxn,
        {{ to_mxn('own_transferred') }} as transferred_taxes_mxn,
        {{ to_mxn('own_withheld') }} as withheld_taxes_mxn,
        {{ to_mxn('own_total') }} as total_mxn,
    from amounts
)

select
    amounts.cfdi_key,
    amounts.client_key,
    coalesce(history.client_history_key, 'unknown') as client_history_key,
    coalesce(amounts.replaced_by_cfdi_key, 'unknown') as replaced_by_cfdi_key,
    coalesce(chain.root_cfdi_key, amounts.cfdi_key) as root_cfdi_key,
    coalesce(chain.current_cfdi_key, amounts.cfdi_key) as current_cfdi_key,
    amounts.team_id,
    amounts.invoice_id as cfdi_id,
    amounts.uuid,
    {{ code('amounts.cfdi_type_code') }} as cfdi_type_code,
    case
        when amounts.is_cancelled then 'cancelled'
        when amounts.is_stamped then 'valid'
        when amounts.status in {{ statuses('invoice', 'is_stamped') }} then 'pending'
        else coalesce(amounts.status, 'unknown')
    end as status,
    amounts.status_raw,
    amounts.series,
    amounts.folio_number,
    amounts.currency_code,
    {{ code('amounts.payment_form_code') }} as payment_form_code,
    {{ code('amounts.payment_method_code') }} as payment_method_code,
    {{ code('amounts.cfdi_use_code') }} as cfdi_use_code,
    {{ code('amounts.export_code') }} as export_code,
    amounts.payment_conditions,
    {{ rfc_norm('amounts.client_rfc') }} as client_rfc,
    amounts.client_legal_name,
    {{ code('amounts.client_tax_regime_code') }} as client_tax_regime_code,
    amounts.client_address_zip as client_zip,
    {{ rfc_norm('amounts.issuer_rfc') }} as issuer_rfc,
    {{ code('amounts.issuer_tax_regime_code') }} as issuer_tax_regime_code,
    amounts.issuer_zip,
    {{ code('amounts.global_periodicity_code') }} as global_periodicity_code,
    {{ code('amounts.global_months_code') }} as global_months_code,
    amounts.global_year,
    {{ code('amounts.cancellation_motive_code') }} as cancellation_motive_code,
    amounts.cancellation_status,
    amounts.cancellation_type,
    amounts.replacement_uuid,
    amounts.issue_date_source,
    if(amounts.terms_days is null, 'issue', 'terms') as due_date_basis,
    cast(amounts.revenue_sign as integer) as revenue_sign,
    try_cast(amounts.exchange_rate as decimal(18, 6)) as exchange_rate,
    {{ money('amounts.own_subtotal') }} as subtotal,
    {{ money('amounts.own_discount') }} as discount,
    {{ money('amounts.own_subtotal - amounts.own_discount') }} as net_amount,
    {{ money('amounts.own_transferred') }} as transferred_taxes,
    {{ money('amounts.own_withheld') }} as withheld_taxes,
    {{ money('amounts.own_local') }} as local_taxes,
    {{ money('amounts.own_total') }} as total,
    {{ money('amounts.revenue_sign * (amounts.own_subtotal - amounts.own_discount)') }}
        as signed_net_amount,
    {{ money('amounts.revenue_sign * amounts.own_total') }} as signed_total,
    amounts.net_amount_mxn,
    amounts.transferred_taxes_mxn,
    amounts.withheld_taxes_mxn,
    amounts.total_mxn,
    {{ money('amounts.revenue_sign * amounts.net_amount_mxn') }} as signed_net_amount_mxn,
    {{ money('amounts.revenue_sign * amounts.total_mxn') }} as signed_total_mxn,
    {{ money('amounts.total') }} as reported_total,
    {{ money('amounts.last_balance') }} as last_balance,
    {{ money('amounts.payment_complements') }} as payment_complements,
    try_cast(amounts.installments_count as integer) as installments_count,
    amounts.lines_count,
    amounts.lines_net_amount,
    try_cast(
        amounts.own_subtotal - amounts.own_discount - amounts.lines_net_amount as decimal(18, 6)
    ) as lines_rounding_difference,
    amounts.is_in_scope and amounts.is_stamped and not amounts.is_cancelled as is_valid,
    amounts.is_in_scope,
    coalesce(amounts.is_live, true) as is_live,
    amounts.deleted_at is not null as is_deleted,
    amounts.is_cancelled,
    amounts.is_stamped,
    amounts.replaced_by_cfdi_key is not null as is_replaced,
    not amounts.is_cancelled
    and coalesce(amounts.cancellation_requested_date <= amounts.as_of_date, false)
    and coalesce(amounts.cancellation_status not in ('rejected', 'not_cancellable', 'none'), false)
        as is_cancellation_pending,
    amounts.is_cancelled
    and {{ month_of('amounts.last_cancelled_date') }} > {{ month_of('amounts.issue_date') }}
        as is_cancelled_in_later_month,
    amounts.is_cancelled and year(amounts.last_cancelled_date) > year(amounts.issue_date)
        as is_cancelled_in_later_year,
    amounts.global_periodicity_code is not null as is_global,
    coalesce({{ is_generic_rfc('amounts.client_rfc') }}, false) as is_generic_rfc,
    -- XXX is no currency: it needs no rate (c_Moneda)
    amounts.exchange_rate is null and amounts.currency_code <> 'XXX' as is_fx_missing,
    coalesce(
        case amounts.currency_code
            when 'XXX' then false
            when 'MXN' then amounts.reported_exchange_rate not in (0, 1)
            else coalesce(amounts.reported_exchange_rate, 0) in (0, 1)
        end,
        false
    ) as is_fx_suspicious,
    amounts.is_currency_assumed,
    amounts.is_negative_note,
    amounts.issue_date,
    {{ month_of('amounts.issue_date') }} as issue_month,
    {{ month_of('coalesce(roots.issue_date, amounts.issue_date)') }} as root_issue_month,
    amounts.stamped_date,
    coalesce(amounts.created_date, amounts.issue_date) as created_date,
    amounts.issue_date + coalesce(amounts.terms_days, 0) as due_date,
    if(
        amounts.cancellation_requested_date <= amounts.as_of_date,
        amounts.cancellation_requested_date,
        null
    ) as cancellation_requested_date,
    if(amounts.is_cancelled, amounts.last_cancelled_date, null) as cancelled_date,
    amounts.replaced_date,
    {{ cancel_deadline('amounts.issue_date', 'amounts.issuer_person_type') }}
        as cancel_deadline_date,
    amounts.as_of_date,
    coalesce(
        amounts.issued_at_local,
        {{ local_time('coalesce(amounts.stamped_at, amounts.created_at)', 'amounts.team_id') }}
    ) as issued_at_local,
    amounts.stamped_at,
    amounts.created_at,
    amounts.cancelled_at,
    amounts.updated_at,
    amounts.loaded_at,
from in_pesos as amounts
left join {{ ref('bridge_cfdi_replacement') }} as chain on amounts.cfdi_key = chain.cfdi_key
left join flagged as roots on chain.root_cfdi_key = roots.cfdi_key
left join {{ ref('dim_client_history') }} as history
    on
        amounts.client_key = history.client_key
        and amounts.created_at >= history.valid_from_at
        and (history.valid_to_at is null or amounts.created_at < history.valid_to_at)
