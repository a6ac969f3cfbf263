-- Income of all months is the part of every invoice's net amount that is paid by now; what credit
-- notes give back is no more than they are.
with paid as (
    select
        cfdi_key,
        sum(amount) as amount,
    from {{ ref('fct_invoice_settlement') }}
    where is_effective and settlement_type <> 'credit_note'
    group by cfdi_key
),

core as (
    select
        invoices.team_id,
        invoices.currency_code,
        sum({{ share(
            'invoices.net_amount', 'least(greatest(paid.amount, 0), invoices.total)',
            'invoices.total', decimals_of('invoices.currency_code')
        ) }}) as income,
    from {{ ref('fct_cfdi') }} as invoices
    inner join paid on invoices.cfdi_key = paid.cfdi_key
    inner join {{ ref('dim_team') }} as teams on invoices.team_id = teams.team_id
    where
        invoices.is_valid and invoices.total > 0
        and teams.tax_regime_code in ('612', '625', '626')
    group by invoices.team_id, invoices.currency_code
),

notes as (
    select
        team_id,
        currency_code,
        sum(net_amount) as net_amount,
    from {{ ref('fct_cfdi') }}
    where is_valid and cfdi_type_code = 'E'
    group by team_id, currency_code
),

mart as (
    select
        team_id,
        currency_code,
        sum(income_ppd + income_pue) as income,
        sum(credit_notes) as credit_notes,
    from {{ ref('mart_income_cash_basis_monthly') }}
    where basis = 'cash'
    group by team_id, currency_code
)

select
    core.*,
    mart.income as mart_income,
    mart.credit_notes,
    notes.net_amount as notes_amount,
from core
full join mart on core.team_id = mart.team_id and core.currency_code = mart.currency_code
left join notes on mart.team_id = notes.team_id and mart.currency_code = notes.currency_code
where
    coalesce(core.income, 0) <> coalesce(mart.income, 0)
    or mart.credit_notes > coalesce(notes.net_amount, 0)
