{#- Codes that their list does not have: a new code of SAT, or a misspelt one. Warns, never fails. -#}
{% test known_codes(model, codes) %}
{{ config(severity='warn') }}
{% for column, list in codes.items() %}
select
    '{{ column }}' as column_name,
    {{ column }} as code,
    count(*) as rows_found,
from {{ model }}
where
    {{ column }} is not null
    and {{ column }} not in (select {{ list.split('.')[1] }} from {{ ref(list.split('.')[0]) }})
group by {{ column }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
{% endtest %}
