{#- Keys of other tables that those do not have; 'unknown' is the member for what is missing. -#}
{% test known_keys(model, keys) %}
{% for column, table in keys.items() %}
select
    '{{ column }}' as column_name,
    {{ column }} as key,
from {{ model }} as facts
anti join {{ ref(table.split('.')[0]) }} as members
    on facts.{{ column }} = members.{{ table.split('.')[1] }}
where facts.{{ column }} <> 'unknown'
{% if not loop.last %}union all{% endif %}
{% endfor %}
{% endtest %}
