-- tables: one row per published table: its rows and files, and for root tables how fresh they are.
set variable freshness = coalesce(
    (
        select
            string_agg(
                format(
                    'select ''{0}'' as table_name, max(updated_at) as updated_at, '
                    || 'max(loaded_at) as loaded_at, count(deleted_at) as rows_marked_deleted '
                    || 'from gigstack.{0}',
                    table_name
                ),
                ' union all '
            ) as query,
        from duckdb_columns()
        where schema_name = 'gigstack' and column_name = 'deleted_at'
    ),
    'select null as table_name, null as updated_at, null as loaded_at, null as rows_marked_deleted'
);

with sizes as (
    select
        schema_name,
        table_name,
        max(rows) as rows,  -- of the file that holds all; months hold parts of it
        count(*) as files,
        sum(bytes)::bigint as bytes,
    from published_files
    group by schema_name, table_name
)

select
    sizes.schema_name,
    sizes.table_name,
    sizes.rows,
    if(sizes.schema_name = 'gigstack', fresh.rows_marked_deleted, null) as rows_marked_deleted,
    sizes.bytes,
    sizes.files,
    if(sizes.schema_name = 'gigstack', fresh.updated_at, null) as updated_at,
    if(sizes.schema_name = 'gigstack', fresh.loaded_at, null) as loaded_at,
from sizes
left join query(getvariable('freshness')) as fresh on sizes.table_name = fresh.table_name
order by sizes.schema_name, sizes.table_name;
