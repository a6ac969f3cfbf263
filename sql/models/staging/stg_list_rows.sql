-- One row per record of a list that is read page by page, with the list's name.
{% for list in paged_lists() -%}
    select
        team_id,
        '{{ list.name }}' as stream,
        created_at,
        deleted_at,
        loaded_at,
    from {{ ref(list.view) }}
    {% if list.kind -%}
        where document_kind = '{{ list.kind }}'
    {% endif -%}
    {% if not loop.last -%}
        union all
    {% endif -%}
{% endfor -%}
