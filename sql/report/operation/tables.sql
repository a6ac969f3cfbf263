-- tables: one row per published table: what it holds, how fresh that is, and how large its files are.
set variable contents = coalesce(
    (
        select
            string_agg(
                format(
                    'select ''{0}'' as schema_name, ''{1}'' as table_name, count(*) as rows, '
                    || 'count(deleted_at) as rows_marked_deleted, max(updated_at) as updated_at, '
                    || 'max(loaded_at) as loaded_at from {0}.{1}',
                    schema_name,
                    table_name
                ),
                ' union all '
            )
        from duckdb_columns()
        where column_name = 'deleted_at'
    ),
    'select null as schema_name where false'
);

select * from query(getvariable('contents'));
