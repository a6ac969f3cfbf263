-- One row: the start of the window that reaches all open items of a list with the fewest requests,
-- which are the pages back to that start and one request for each open item before it.
-- Reads older (created_at, is_open: the rows before the window, back to the oldest open item), and
-- the variables start (of the window), page_size and most (requests for single objects at most).
with reached as (
    select
        created_at,
        is_open,
        count(*) over from_here as rows_read,
        count(*) filter (where is_open) over from_here as open_read,
        count(*) filter (where is_open) over () as open_in_all,
    from older
    window
        from_here as (
            order by created_at desc range between unbounded preceding and current row
        )
),

choices as (
    select
        getvariable('start')::timestamptz as window_start,
        0 as pages,
        count(*) filter (where is_open) as singles,
    from older
    union all
    select
        created_at as window_start,
        ceil(rows_read / getvariable('page_size')) as pages,
        open_in_all - open_read as singles,
    from reached
    where is_open
)

select window_start,
from choices
where singles <= getvariable('most')
order by pages + singles, singles
limit 1
