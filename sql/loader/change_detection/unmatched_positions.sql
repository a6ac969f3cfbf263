-- One row per page with records that matched lacks: its number and their positions.
select
    elements.page,
    list(elements.record_position) as positions,
from (
    select
        pages.page,
        unnest(pages.hashes) as row_hash,
        generate_subscripts(pages.hashes, 1) as record_position,
    from pages
) as elements
anti join matched
    on elements.page = matched.page and elements.record_position = matched.record_position
where elements.row_hash is not null
group by elements.page
order by elements.page
