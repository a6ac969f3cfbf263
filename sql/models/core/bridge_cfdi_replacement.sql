-- One row per CFDI that replaces or is replaced (relation 04): the first and the last of its chain.
with recursive replacements as (
    select distinct
        relations.related_cfdi_key as old_key,
        relations.cfdi_key as new_key,
        relations.team_id,
    from {{ ref('fct_cfdi_relation') }} as relations
    inner join {{ ref('stg_invoices') }} as invoices
        on relations.team_id = invoices.team_id and relations.cfdi_id = invoices.invoice_id
    inner join {{ ref('dim_team') }} as teams on relations.team_id = teams.team_id
    where
        relations.relation_type_code = '04'
        and relations.is_related_known
        and relations.related_cfdi_key <> relations.cfdi_key
        and coalesce(invoices.created_date <= teams.as_of_date, true)
),

chain as (
    select
        replacements.team_id,
        replacements.old_key as root_cfdi_key,
        replacements.old_key as cfdi_key,
        0 as depth,
    from replacements
    anti join replacements as earlier on replacements.old_key = earlier.new_key
    union all
    select
        chain.team_id,
        chain.root_cfdi_key,
        replacements.new_key as cfdi_key,
        chain.depth + 1 as depth,
    from chain
    inner join replacements on chain.cfdi_key = replacements.old_key
    where chain.depth < 20 -- a chain that bites its tail ends here
),

placed as (
    select
        *,
        arg_max(cfdi_key, (depth, cfdi_key)) over (partition by root_cfdi_key) as current_cfdi_key,
        max(depth) over (partition by root_cfdi_key) as replacements_count,
    from chain
)

select
    cfdi_key,
    team_id,
    root_cfdi_key,
    current_cfdi_key,
    cast(depth as integer) as replacement_number,
    cast(replacements_count as integer) as replacements_count,
from placed
qualify row_number() over (partition by cfdi_key order by depth, root_cfdi_key) = 1
