-- One row per CFDI that replaces or is replaced: the first and the last of its chain.
with recursive replacements as (
    select
        team_id,
        old_cfdi_key as old_key,
        new_cfdi_key as new_key,
    from {{ ref('bridge_cfdi_substitution') }}
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
