-- IVA billed and its base in the mart are those of core, by team and currency.
with mart as (
    select
        team_id,
        currency_code,
        sum(iva_billed) as iva,
        sum(base_billed) as base,
    from {{ ref('mart_iva_monthly') }}
    where basis = 'cash'
    group by team_id, currency_code
),

core as (
    select
        documents.team_id,
        documents.currency_code,
        sum(documents.revenue_sign * taxes.tax_amount) as iva,
        sum(documents.revenue_sign * taxes.base_amount) as base,
    from {{ ref('fct_cfdi_tax') }} as taxes
    inner join {{ ref('fct_cfdi') }} as documents on taxes.cfdi_key = documents.cfdi_key
    where documents.is_valid and taxes.iva_rate_class is not null
    group by documents.team_id, documents.currency_code
)

select
    core.*,
    mart.iva as mart_iva,
    mart.base as mart_base,
from core
full join mart on core.team_id = mart.team_id and core.currency_code = mart.currency_code
where mart.iva is distinct from core.iva or mart.base is distinct from core.base
