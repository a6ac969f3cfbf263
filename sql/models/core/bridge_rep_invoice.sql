-- One row per payment complement (REP) and income invoice that it pays, whoever names whom: the one
-- that stands, where that was replaced. Of a complement of one invoice its total is what was paid
-- of it (told_amount), in the complement's own currency.
with links as (
    {{ invoice_links_both_ways() | indent }}
),

pairs as (
    select distinct
        reps.cfdi_key as rep_cfdi_key,
        coalesce(standing.standing_cfdi_key, named.cfdi_key) as cfdi_key,
    from links
    inner join {{ ref('bridge_cfdi_reference') }} as reps
        on links.team_id = reps.team_id and links.reference = reps.reference
    inner join {{ ref('bridge_cfdi_reference') }} as named
        on links.team_id = named.team_id and links.other_reference = named.reference
    left join {{ ref('bridge_cfdi_standing') }} as standing on named.cfdi_key = standing.cfdi_key
    where reps.cfdi_type_code = 'P' and named.cfdi_type_code = 'I'
),

payments as (
    select
        rep_cfdi_key,
        if(count(*) = 1, any_value(payment_key), null) as payment_key,
    from {{ ref('bridge_rep_payment') }}
    group by rep_cfdi_key
),

counted as (
    select
        pairs.*,
        count(*) over (partition by pairs.rep_cfdi_key) as invoices_count,
    from pairs
    inner join {{ ref('fct_cfdi') }} as invoices
        on pairs.cfdi_key = invoices.cfdi_key and invoices.is_in_scope
)

select
    counted.rep_cfdi_key,
    counted.cfdi_key,
    reps.team_id,
    reps.cfdi_id as rep_id,
    payments.payment_key,
    -- by law a complement's own currency is XXX, and its total 0
    if(reps.reported_total > 0, nullif(reps.currency_code, 'XXX'), null) as rep_currency_code,
    cast(counted.invoices_count as integer) as invoices_count,
    nullif(reps.reported_total, 0) as reported_total,
    if(
        counted.invoices_count = 1 and reps.reported_total > 0 and reps.currency_code <> 'XXX',
        reps.reported_total,
        null
    ) as told_amount,
    reps.exchange_rate as rep_exchange_rate,
    reps.is_valid and not reps.is_replaced as is_effective,
    coalesce(paid.collected_date, reps.issue_date) as told_date,
    reps.issue_date as rep_issue_date,
    least(reps.cancelled_date, if(reps.is_replaced, reps.replaced_date, null)) as reversed_date,
from counted
inner join {{ ref('fct_cfdi') }} as reps on counted.rep_cfdi_key = reps.cfdi_key
left join payments on counted.rep_cfdi_key = payments.rep_cfdi_key
left join {{ ref('fct_payment') }} as paid on payments.payment_key = paid.payment_key
where reps.is_in_scope and reps.is_stamped
