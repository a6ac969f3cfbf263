-- Rows and money by team, kind, status and currency on unchanged. Reads pages too, and of their
-- records nothing but these fields.
with elements as (
    select
        pages.page,
        pages.team_id,
        pages.kind,
        unnest(from_json(
            pages.body, '[{"status": "VARCHAR", "currency": "VARCHAR", "total": "DECIMAL(18,6)"}]'
        )) as o,
        generate_subscripts(pages.hashes, 1) as record_position,
    from pages
    where pages.page in (select unchanged.page, from unchanged)
)

select
    elements.team_id,
    elements.kind,
    as_status(elements.o.status) as status,
    as_text(elements.o.currency) as currency,
    count(*) as row_count,
    coalesce(sum(elements.o.total), 0) as total,
from elements
semi join unchanged
    on elements.page = unchanged.page and elements.record_position = unchanged.record_position
group by all
