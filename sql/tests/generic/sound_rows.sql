{#- What the rows of a table keep to, in one query, since each of dbt's nodes has its price:

    grain            these columns together identify a row, and none of them is null
    not_null         these columns always have a value
    accepted_values  a column has one of these values, or none
    known_codes      a code is in its list; else it is a new code of SAT, or misspelt
    known_keys       a key is in its table; 'unknown' is the member for what is missing

    One row per thing that is wrong: the rule, the column, the team, the key of the row (or the value
    that is not known) and in how many rows it was found. -#}
{% test sound_rows(
    model, grain, not_null=[], accepted_values={}, known_codes={}, known_keys={}
) %}
{%- set table = namespace(columns=[]) -%}
{%- for node in (graph.nodes.values() if execute else []) if node.name == model.identifier -%}
    {%- set table.columns = node.columns -%}
{%- endfor -%}
{%- set team = 'team_id' if 'team_id' in table.columns else 'cast(null as varchar)' -%}
{%- set key -%}
    cast(to_json({ {% for name in grain %}'{{ name }}': {{ name }}, {% endfor %} }) as varchar)
{%- endset %}
select
    'grain' as rule,
    '{{ grain | join(", ") }}' as column_name,
    any_value({{ team }}) as team_id,
    {{ key }} as key,
    count(*) as rows_found,
from {{ model }}
group by {{ grain | join(', ') }}
having count(*) > 1 or {{ grain | join(' is null or ') }} is null
{%- for column in not_null %}
union all
select
    'not_null',
    '{{ column }}',
    {{ team }},
    {{ key }},
    1,
from {{ model }}
where {{ column }} is null
{%- endfor %}
{%- for column, values in accepted_values.items() %}
union all
select
    'accepted_values',
    '{{ column }}',
    {{ team }},
    cast({{ column }} as varchar),
    count(*),
from {{ model }}
where {{ column }} not in ('{{ values | join("', '") }}')
group by {{ team }}, {{ column }}
{%- endfor %}
{%- for rule, lists in (('known_codes', known_codes), ('known_keys', known_keys)) %}
{%- for column, list in lists.items() %}
union all
select
    '{{ rule }}',
    '{{ column }}',
    {{ team }},
    cast({{ column }} as varchar),
    count(*),
from {{ model }} as rows_of_table
anti join {{ ref(list.split('.')[0]) }} as members
    on rows_of_table.{{ column }} = members.{{ list.split('.')[1] }}
where {{ column }} is not null {{ "and " ~ column ~ " <> 'unknown'" if rule == 'known_keys' }}
group by {{ team }}, {{ column }}
{%- endfor %}
{%- endfor %}
{% endtest %}
