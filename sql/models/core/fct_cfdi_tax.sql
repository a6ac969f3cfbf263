-- One row per CFDI, tax, factor, rate and whether it is withheld; lines without IVA as not subject.
-- The header has one figure for all transferred and one for all withheld taxes: the split is worked
-- out from the lines, rounded by group, and scaled to the header where they differ.
{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail',
    pre_hook="{{ forget_changed() }}"
) }}
with invoices as (
    select
        invoices.team_id,
        invoices.invoice_id,
        coalesce(invoices.currency_code, 'MXN') as currency_code,
        {{ decimals_of('invoices.currency_code') }} as decimals,
        invoices.exchange_rate,
        invoices.transferred_taxes,
        invoices.withheld_taxes,
        coalesce(invoices.subtotal, invoices.total) - coalesce(invoices.discount, 0) as net_amount,
        invoices.total,
        invoices.is_negative_note,
        invoices.loaded_at,
    from {{ ref('stg_invoices') }} as invoices
    {{ not_built_yet() }}
    where invoices.cfdi_type_code in ('I', 'E')
),

lines as (
    select
        lines.team_id,
        lines.cfdi_id as invoice_id,
        lines.line_number,
        if(invoices.is_negative_note, abs(lines.quantity), lines.quantity) as quantity,
        lines.net_amount,
        invoices.decimals,
        invoices.is_negative_note,
    from {{ ref('fct_cfdi_line') }} as lines
    inner join invoices
        on lines.team_id = invoices.team_id and lines.cfdi_id = invoices.invoice_id
),

line_taxes as (
    select
        lines.*,
        taxes.tax_name,
        coalesce(taxes.tax_factor, if(taxes.tax_rate is null, 'Exento', 'Tasa')) as tax_factor,
        coalesce(taxes.tax_rate, 0) as tax_rate,
        coalesce(taxes.is_withheld, false) as is_withheld,
        -- the API writes a base, or in its place a code of c_ObjetoImp (01 to 08)
        if(
            taxes.tax_base in (1, 2, 3, 4, 5, 6, 7, 8) and taxes.tax_base <> lines.net_amount,
            null,
            if(lines.is_negative_note, abs(taxes.tax_base), taxes.tax_base)
        ) as tax_base,
    from lines
    inner join {{ ref('stg_invoice_item_taxes') }} as taxes
        on
            lines.team_id = taxes.team_id
            and lines.invoice_id = taxes.invoice_id
            and lines.line_number = taxes.item_number
),

excise as (
    select
        team_id,
        invoice_id,
        line_number,
        sum(
            if(
                tax_factor = 'Cuota',
                cast(quantity as decimal(38, 6)) * tax_rate,
                cast(coalesce(tax_base, net_amount) as decimal(38, 6)) * tax_rate
            )
        ) as excise_amount,
    from line_taxes
    where tax_name = 'IEPS' and not is_withheld
    group by all
),

based as (
    select
        line_taxes.* exclude (tax_base),
        cast(
            coalesce(
                line_taxes.tax_base,
                line_taxes.net_amount
                + if(line_taxes.tax_name = 'IVA', coalesce(excise.excise_amount, 0), 0)
            ) as decimal(38, 6)
        ) as tax_base,
    from line_taxes
    left join excise
        on
            line_taxes.team_id = excise.team_id
            and line_taxes.invoice_id = excise.invoice_id
            and line_taxes.line_number = excise.line_number
),

with_iva as (
    select
        team_id,
        invoice_id,
        line_number,
    from line_taxes
    where tax_name = 'IVA' and not is_withheld
),

not_subject as (
    select
        lines.*,
        'IVA' as tax_name,
        'No objeto' as tax_factor,
        cast(0 as decimal(18, 6)) as tax_rate,
        false as is_withheld,
        cast(lines.net_amount as decimal(38, 6)) as tax_base,
    from lines
    anti join with_iva
        on
            lines.team_id = with_iva.team_id
            and lines.invoice_id = with_iva.invoice_id
            and lines.line_number = with_iva.line_number
),

every_tax as (
    select *,
    from based
    union all by name
    select *,
    from not_subject
),

grouped as (
    select
        team_id,
        invoice_id,
        tax_name,
        tax_factor,
        tax_rate,
        is_withheld,
        any_value(decimals) as decimals,
        {{ rounded('sum(tax_base)', 'any_value(decimals)') }} as base_amount,
        {{ rounded(
            "sum(case tax_factor when 'Tasa' then tax_base when 'Cuota' then quantity else 0 end"
            ~ " * tax_rate)",
            'any_value(decimals)'
        ) }} as computed_amount,
    from every_tax
    group by team_id, invoice_id, tax_name, tax_factor, tax_rate, is_withheld
),

-- local taxes (ISH and the like) are no part of what a CFDI totals as its taxes, but some systems
-- count them in: whichever is nearer to the header
in_sides as (
    select
        grouped.*,
        grouped.tax_name not in ('IVA', 'ISR', 'IEPS') as is_local,
        invoices.currency_code,
        invoices.exchange_rate,
        invoices.loaded_at,
        if(grouped.is_withheld, invoices.withheld_taxes, invoices.transferred_taxes)
            as reported_amount,
        sum(grouped.computed_amount) over same_side as all_taxes,
        sum(if(is_local, 0, grouped.computed_amount)) over same_side as federal_taxes,
        coalesce(
            all_taxes > federal_taxes
            and abs(reported_amount - federal_taxes) <= abs(reported_amount - all_taxes),
            false
        ) as has_local_outside,
    from grouped
    inner join invoices
        on grouped.team_id = invoices.team_id and grouped.invoice_id = invoices.invoice_id
    window same_side as (partition by grouped.team_id, grouped.invoice_id, grouped.is_withheld)
),

with_header as (
    select
        * exclude (is_local, reported_amount, all_taxes, federal_taxes, has_local_outside),
        is_local and has_local_outside as is_outside_header,
        case
            when is_outside_header then computed_amount
            when has_local_outside then federal_taxes
            else all_taxes
        end as computed_total,
        if(is_outside_header, computed_amount, coalesce(reported_amount, computed_total))
            as header_amount,
    from in_sides
),

-- of what has no lines the header tells all; without a figure there, the difference of the total
lineless as (
    select
        invoices.team_id,
        invoices.invoice_id,
        invoices.net_amount,
        invoices.total - invoices.net_amount + coalesce(invoices.withheld_taxes, 0)
            as taxes_in_total,
    from invoices
    anti join lines
        on invoices.team_id = lines.team_id and invoices.invoice_id = lines.invoice_id
),

sides as (
    select
        invoices.team_id,
        invoices.invoice_id,
        false as is_withheld,
        coalesce(invoices.transferred_taxes, lineless.taxes_in_total) as amount,
        coalesce(lineless.net_amount, 0) as base_amount,
        lineless.invoice_id is not null as is_lineless,
    from invoices
    left join lineless
        on invoices.team_id = lineless.team_id and invoices.invoice_id = lineless.invoice_id
    union all
    select
        team_id,
        invoice_id,
        true as is_withheld,
        withheld_taxes as amount,
        0 as base_amount,
        false as is_lineless,
    from invoices
),

explained as (
    select distinct
        team_id,
        invoice_id,
        is_withheld,
    from with_header
    where computed_total > 0
),

-- the header has a tax that no line explains: all of it stays in one row, with the net amount of
-- what has no lines at all
unexplained as (
    select
        invoices.team_id,
        invoices.invoice_id,
        'unknown' as tax_name,
        'unknown' as tax_factor,
        cast(0 as decimal(18, 6)) as tax_rate,
        sides.is_withheld,
        sides.base_amount,
        cast(0 as decimal(18, 2)) as computed_amount,
        false as is_outside_header,
        invoices.currency_code,
        invoices.decimals,
        invoices.exchange_rate,
        invoices.loaded_at,
        coalesce(sides.amount, 0) as header_amount,
        0 as computed_total,
    from sides
    inner join invoices
        on sides.team_id = invoices.team_id and sides.invoice_id = invoices.invoice_id
    anti join explained
        on
            sides.team_id = explained.team_id
            and sides.invoice_id = explained.invoice_id
            and sides.is_withheld = explained.is_withheld
    where sides.amount > 0 or sides.is_lineless
),

exact as (
    select
        *,
        computed_amount as tax_amount,
    from with_header
    where header_amount = computed_total or computed_total = 0
    union all by name
    select
        *,
        header_amount as tax_amount,
    from unexplained
),

differing as (
    select *, from with_header
    where header_amount <> computed_total and computed_total > 0
),

scaled as (
    {{ split(
        'differing', 'header_amount', 'computed_amount', 'team_id, invoice_id, is_withheld',
        'tax_name, tax_factor, tax_rate', 'decimals'
    ) | indent }}
),

amounts as (
    select *, from exact
    union all by name
    select
        * exclude (split_amount),
        split_amount as tax_amount,
    from scaled
)

select
    {{ key(['team_id', 'invoice_id', 'tax_name', 'tax_factor', 'tax_rate', 'is_withheld']) }}
        as cfdi_tax_key,
    {{ key(['team_id', 'invoice_id']) }} as cfdi_key,
    team_id,
    invoice_id as cfdi_id,
    tax_name,
    case tax_name
        when 'ISR' then '001'
        when 'IVA' then '002'
        when 'IEPS' then '003'
        else 'unknown'
    end as tax_code,
    tax_factor,
    case
        when is_withheld then null
        when tax_name = 'unknown' then 'unknown'
        when tax_name <> 'IVA' then null
        when tax_factor = 'No objeto' then 'not_subject'
        when tax_factor = 'Exento' then 'exempt'
        when tax_rate = 0.16 then '16'
        when tax_rate = 0.08 then '8'
        when tax_rate = 0 then '0'
        else 'other'
    end as iva_rate_class,
    currency_code,
    tax_rate,
    {{ money('base_amount') }} as base_amount,
    {{ to_mxn('base_amount') }} as base_amount_mxn,
    {{ money('computed_amount') }} as computed_amount,
    {{ money('tax_amount') }} as tax_amount,
    {{ to_mxn('tax_amount') }} as tax_amount_mxn,
    is_withheld,
    tax_amount <> computed_amount as is_scaled,
    is_outside_header,
    loaded_at,
from amounts
