-- One row per CFDI that others replace: the valid one at the end of its chain (successor), and the
-- one that stands for it, which takes its payments, complements, notes and relations.
with recursive reached (first_key, cfdi_key, steps) {{ using_key(['first_key', 'cfdi_key']) }} as (
    select
        old_cfdi_key as first_key,
        new_cfdi_key as cfdi_key,
        1 as steps,
    from {{ ref('bridge_cfdi_substitution') }}
    union
    (
        select distinct
            reached.first_key,
            links.new_cfdi_key as cfdi_key,
            reached.steps + 1 as steps,
        from reached
        inner join {{ ref('bridge_cfdi_substitution') }} as links
            on reached.cfdi_key = links.old_cfdi_key
        anti join recurring.reached as known
            on reached.first_key = known.first_key and links.new_cfdi_key = known.cfdi_key
    )
),

successors as (
    select
        reached.first_key,
        arg_max(reached.cfdi_key, (reached.steps, reached.cfdi_key)) as successor_cfdi_key,
    from reached
    inner join {{ ref('fct_cfdi') }} as firsts on reached.first_key = firsts.cfdi_key
    inner join {{ ref('fct_cfdi') }} as lasts on reached.cfdi_key = lasts.cfdi_key
    where
        lasts.is_valid and lasts.cfdi_type_code = firsts.cfdi_type_code
        and lasts.cfdi_key <> firsts.cfdi_key
    group by reached.first_key
)

select
    successors.first_key as cfdi_key,
    firsts.team_id,
    successors.successor_cfdi_key,
    if(firsts.is_valid, firsts.cfdi_key, successors.successor_cfdi_key) as standing_cfdi_key,
from successors
inner join {{ ref('fct_cfdi') }} as firsts on successors.first_key = firsts.cfdi_key
