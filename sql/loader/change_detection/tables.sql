-- What a run knows of one entity: what the warehouse holds, and what the API has delivered so far.
create temp table known (
    key uhugeint,
    team_id varchar,
    row_hash varchar,
    updated_at timestamptz,
    updated_at_basis varchar,
    is_deleted boolean,
    is_rewritten boolean,
    is_odd boolean
);

create temp table seen (key uhugeint);

create temp table links_known (key uhugeint);

create temp table links_seen (key uhugeint);
