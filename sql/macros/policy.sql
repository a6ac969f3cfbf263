{#- A whole number of the project's variables: days, scores. -#}
{% macro setting(name) -%}
    cast('{{ var(name) }}' as integer)
{%- endmacro %}

{#- A text of the project's variables, '' when unset. -#}
{% macro setting_text(name) -%}
    '{{ var(name) }}'
{%- endmacro %}
