-- Removes old states and loads from dlt's own tables. Reads the variable details_before.

-- dlt takes the newest state whose load was completed
delete from gigstack._dlt_pipeline_state
where
    created_at < getvariable('details_before')
    and _dlt_load_id not in (
        select states._dlt_load_id,
        from gigstack._dlt_pipeline_state as states
        inner join gigstack._dlt_loads as loads on states._dlt_load_id = loads.load_id
        where loads.status = 0
        order by states._dlt_load_id desc
        limit 10
    );

delete from gigstack._dlt_loads
where
    inserted_at < getvariable('details_before')
    and load_id not in (
        select states._dlt_load_id,
        from gigstack._dlt_pipeline_state as states
    );
