-- The terms in a client's metadata are a number of days, up to ten years; others count as none.
select
    team_id,
    client_id,
from {{ ref('stg_clients') }}
where
    metadata ->> '{{ var("client_terms_key") }}' <> ''
    and {{ client_terms_days('metadata') }} is null
