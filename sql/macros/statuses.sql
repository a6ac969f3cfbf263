{#- The words for a state of an object (invoice, payment, receipt) that have a property, such as
    is_money_collected: seed gigstack_status lists them. -#}
{% macro statuses(entity, property) -%}
    (
        select words.status
        from {{ ref('gigstack_status') }} as words
        where words.entity = '{{ entity }}' and words.{{ property }} = 'true'
    )
{%- endmacro %}
