-- Macros that read the API's spellings of a value; every file here uses them.
-- SAT writes times without a zone, in Mexico City's time; text with a zone keeps its own.
set global timezone = 'America/Mexico_City';

-- A timestamp from seconds or milliseconds (a number or text), ISO 8601 or {"_seconds": n}; null
-- for 0 and ''. From 1e11 on, a number is milliseconds (as seconds, it would be the year 5138); one
-- of more than thirteen digits is not a time.
create or replace macro as_time(value) as
coalesce(
    make_timestamptz(nullif(
        (
            try_cast(value as decimal(16, 3))::decimal(20, 3)
            * if(try_cast(value as decimal(16, 3)) >= 100000000000, 1000, 1000000)
        )::bigint,
        0
    )),
    try_cast(value as timestamptz),
    make_timestamptz(nullif(
        try_cast(regexp_extract(value, '"_?seconds": ?([0-9]+)', 1) as bigint) * 1000000, 0
    ))
);

-- A status in one spelling: canceled -> cancelled, succeeded_ -> succeeded.
create or replace macro as_status(value) as
nullif(replace(rtrim(lower(trim(value)), '_'), 'canceled', 'cancelled'), '');

-- Text; null for ''.
create or replace macro as_text(value) as nullif(value, '');

-- Without blanks around it, be they line feeds or of no width.
create or replace macro without_blanks(value) as
trim(value, concat(' ', chr(9), chr(10), chr(13), chr(160), chr(8203), chr(65279)));

-- A folio fiscal in lower case; any other identifier as it is.
create or replace macro as_uuid(value) as
case
    when length(value) = 36 and regexp_full_match(value, '[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}.*')
        then lower(value)
    when
        length(without_blanks(value)) = 36
        and regexp_full_match(without_blanks(value), '[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}.*')
        then lower(without_blanks(value))
    else nullif(without_blanks(value), '')
end;

-- The id of an invoice. Older answers have only the uuid, newer ones may have only the id.
create or replace macro as_invoice_id(id, uuid) as coalesce(as_uuid(id), as_uuid(uuid));

-- The id of an element of a free-form list, which is the id ("card") or has it ({"id": "card"});
-- without an id, the element's text.
create or replace macro as_id(value) as
as_text(coalesce(value ->> 'id', value ->> '$'));

-- The ids in a list of links, whose elements are ids or objects that have one.
create or replace macro as_links(links) as
list_filter(
    list_transform(
        links,
        lambda link: case
            when starts_with(link, '{') and json_valid(link)
                then as_uuid(coalesce(
                    json_extract_string(link, '$.id'), json_extract_string(link, '$.uuid')
                ))
            else as_uuid(link)
        end
    ),
    lambda id: id is not null
);

-- The fields of such an element other than its id; null for none.
create or replace macro beside_id(value) as
if(json_type(value) = 'OBJECT', nullif(json_merge_patch(value, '{"id": null}'), '{}'), null);

-- The fields of a client snapshot that have no column of their own; null for none. Most snapshots
-- have none, which the conditions find out without writing any JSON.
create or replace macro snapshot_rest(client) as
if(
    coalesce(
        client.bcc, client.efos, client.fiscal_validation, client.sat_status, client.defaults,
        client.metadata, client.fiscal_responsibilities
    ) is null
    and coalesce(
        client.document_type, client.organization_type, client.tribute_code, client.dv,
        client.municipality_code, client.owner, client.team, client."from", client.created_at,
        client.created
    ) is null
    and coalesce(client.is_valid, client.livemode) is null,
    null,
    nullif(
        json_merge_patch('{}', to_json(struct_pack(
            bcc := client.bcc, is_valid := client.is_valid, efos := client.efos,
            fiscal_validation := client.fiscal_validation, sat_status := client.sat_status,
            defaults := client.defaults, metadata := client.metadata,
            document_type := client.document_type, organization_type := client.organization_type,
            tribute_code := client.tribute_code, dv := client.dv,
            fiscal_responsibilities := client.fiscal_responsibilities,
            municipality_code := client.municipality_code, owner := client.owner,
            team := client.team, livemode := client.livemode, "from" := client."from",
            created_at := coalesce(client.created_at, client.created)
        ))),
        '{}'
    )
);
