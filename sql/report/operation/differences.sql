-- differences: one row per measure of a list that the warehouse does not hold as it was delivered.
select
    stream,
    team,
    measure,
    api_value,
    warehouse_value,
    difference,
    compared_at,
from newest_comparisons
where difference <> 0
order by stream, team, measure;
