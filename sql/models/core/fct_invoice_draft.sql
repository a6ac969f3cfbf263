-- One row per draft of an invoice that is not stamped (yet).
with dated as (
    select
        drafts.*,
        teams.as_of_date,
        coalesce(drafts.is_live, true)
        and coalesce(drafts.deleted_date > teams.as_of_date, true)
        and coalesce(drafts.created_date <= teams.as_of_date, true) as is_in_scope,
    from {{ ref('stg_invoice_drafts') }} as drafts
    inner join {{ ref('dim_team') }} as teams on drafts.team_id = teams.team_id
)

select
    {{ key(['team_id', 'draft_id']) }} as draft_key,
    {{ key_or_unknown(['team_id', 'client_id']) }} as client_key,
    team_id,
    draft_id,
    status,
    coalesce(currency_code, 'MXN') as currency_code,
    {{ money('total') }} as total,
    {{ to_mxn('total', "coalesce(currency_code, 'MXN')") }} as total_mxn,
    is_in_scope,
    created_date,
    {{ month_of('created_date') }} as created_month,
    as_of_date,
    loaded_at,
from dated
