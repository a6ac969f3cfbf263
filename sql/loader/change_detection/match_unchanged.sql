-- Finds the records of a batch that the warehouse holds in just this form, by their hash alone.
-- Reads pages, known and seen.
create or replace temp table matched as
select
    elements.page,
    elements.record_position,
    known.key,
from (
    select
        pages.page,
        pages.team_id,
        unnest(pages.hashes) as row_hash,
        generate_subscripts(pages.hashes, 1) as record_position,
    from pages
) as elements
inner join known
    on elements.team_id = known.team_id and elements.row_hash = known.row_hash
where not (known.is_deleted or known.is_rewritten or known.is_odd);

create or replace temp table unchanged as
select
    matched.page,
    matched.record_position,
    matched.key,
from matched
where matched.key not in (select seen.key, from seen)
qualify row_number() over (partition by matched.key) = 1
