-- Brings ops.findings up to date with a build: what its tests no longer find goes, the rest stays
-- or comes. Reads found (what they find) and tested (the tests that ran), and the variable
-- tested_at.
merge into ops.findings as held
using found
    on
        held.test = found.test
        and held.table_name = found.table_name
        and held.rule = found.rule
        and held.column_name is not distinct from found.column_name
        and held.team_id is not distinct from found.team_id
        and held.key is not distinct from found.key
when matched then
    update
        set
            rows_found = found.rows_found,
            last_seen_at = getvariable('tested_at')
when not matched then
    insert values (
        found.test,
        found.table_name,
        found.rule,
        found.column_name,
        found.team_id,
        found.key,
        found.rows_found,
        getvariable('tested_at'),
        getvariable('tested_at')
    )
when not matched by source and (held.test, held.table_name) in (from tested) then delete
