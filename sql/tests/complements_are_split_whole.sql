-- Complements in one currency whose parts do not add up to the total that the API shows.
select
    reps.team_id,
    reps.cfdi_key,
    reps.reported_total,
    sum(parts.paid_amount) as paid,
from {{ ref('fct_cfdi') }} as reps
inner join {{ ref('fct_rep_document') }} as parts on reps.cfdi_key = parts.rep_cfdi_key
where reps.reported_total > 0
group by reps.team_id, reps.cfdi_key, reps.reported_total
having
    bool_and(parts.paid_currency_code = parts.currency_code)
    and min(parts.currency_code) = max(parts.currency_code)
    and reps.reported_total <> sum(parts.paid_amount)
