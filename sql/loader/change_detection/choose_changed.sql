-- Finds the root rows to write, new or changed, and as of when. Reads keyed, seen and known, and
-- the variable started_at.
create or replace temp table first_seen as
select
    keyed.origin,
    keyed.key,
    keyed.row_hash,
    keyed.updated_at,
    keyed.updated_at_basis,
from keyed
where not keyed.is_keyless and keyed.key not in (select seen.key, from seen)
qualify row_number() over (partition by keyed.key order by keyed.origin) = 1;

create or replace temp table changed as
select
    new.origin,
    known.key is not null as is_known,
    case
        when known.key is null
            then coalesce(new.updated_at, getvariable('started_at')::timestamptz)
        when known.row_hash = new.row_hash and not known.is_deleted
            then known.updated_at
        when new.updated_at > known.updated_at
            then new.updated_at
        else greatest(getvariable('started_at')::timestamptz, known.updated_at)
    end as updated_at,
    case
        when known.row_hash = new.row_hash and not known.is_deleted
            then known.updated_at_basis
        when
            (known.key is null and new.updated_at is not null)
            or new.updated_at > known.updated_at
            then new.updated_at_basis
        else 'observed'
    end as updated_at_basis,
from first_seen as new
left join known on new.key = known.key
where
    known.row_hash is distinct from new.row_hash
    or known.is_deleted
    or known.is_rewritten
