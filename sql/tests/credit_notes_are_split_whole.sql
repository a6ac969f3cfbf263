-- The parts of a credit note add up to its net amount, and none gives back more than it is.
select
    notes.team_id,
    notes.cfdi_key,
    notes.net_amount,
    sum(parts.net_amount) as parts_amount,
from {{ ref('fct_cfdi') }} as notes
left join {{ ref('fct_credit_note_part') }} as parts
    on notes.cfdi_key = parts.credit_note_cfdi_key
where notes.cfdi_type_code = 'E' and notes.is_valid
group by notes.team_id, notes.cfdi_key, notes.net_amount
having
    sum(parts.net_amount) is distinct from notes.net_amount
    or not bool_and(parts.collected_net_amount between 0 and parts.net_amount)
