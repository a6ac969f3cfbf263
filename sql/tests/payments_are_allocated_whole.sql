-- Payments whose parts do not add up to them.
select
    payments.team_id,
    payments.payment_key,
    payments.amount,
    sum(parts.payment_amount) as allocated,
from {{ ref('fct_payment') }} as payments
inner join {{ ref('fct_payment_invoice') }} as parts on payments.payment_key = parts.payment_key
group by payments.team_id, payments.payment_key, payments.amount
having payments.amount <> sum(parts.payment_amount)
