-- sizes: one row per published table, the fifteen with the largest files.
select
    table_name,
    sum(bytes)::bigint as bytes,
    count(*) as files,
from published_files
group by schema_name, table_name
order by bytes desc, table_name asc
limit 15;
