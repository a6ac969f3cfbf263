-- drift: one row per field or word that the API sent and nobody declared, the newest first.
select
    stream,
    path,
    kind as drift_kind,
    example,
    occurrences,
    first_seen_at,
    last_seen_at,
from ops.drift
order by last_seen_at desc, stream asc, path asc, kind asc;
