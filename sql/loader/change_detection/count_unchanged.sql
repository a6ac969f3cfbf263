-- Rows by team and kind on unchanged; reads pages too.
select
    pages.team_id,
    pages.kind,
    null as status,
    null as currency,
    count(*) as row_count,
    0 as total,
from unchanged
inner join pages on unchanged.page = pages.page
group by all
