{#- Business days are those of the team's zone, by its IANA name: vars zone and team_zones. -#}
{% macro team_zone(team_id='team_id') -%}
    {%- set zones = var('team_zones') -%}
    {%- if zones -%}
    case {{ team_id }}
        {%- for team, zone in zones.items() %}
        when '{{ team }}' then '{{ zone }}'
        {%- endfor %}
        else '{{ var("zone") }}'
    end
    {%- else -%}
    '{{ var("zone") }}'
    {%- endif -%}
{%- endmacro %}

{#- Days that a team's clients have to pay, unless they have terms of their own; null for none. -#}
{% macro team_terms_days(team_id='team_id') -%}
    coalesce(
        {%- if var('team_terms_days') %}
        case {{ team_id }}
            {%- for team, days in var('team_terms_days').items() %}
            when '{{ team }}' then {{ days }}
            {%- endfor %}
        end,
        {%- endif %}
        try_cast('{{ var("terms_days") }}' as integer)
    )
{%- endmacro %}

{#- The terms in a client's own metadata; null where they are no days that anybody would give. -#}
{% macro client_terms_days(metadata) -%}
    case
        when try_cast({{ metadata }} ->> '{{ var("client_terms_key") }}' as integer)
            between 0 and 3650
            then try_cast({{ metadata }} ->> '{{ var("client_terms_key") }}' as integer)
    end
{%- endmacro %}

{#- Wall-clock time where the team works. -#}
{% macro local_time(moment, team_id='team_id') -%}
    timezone({{ team_zone(team_id) }}, {{ moment }})
{%- endmacro %}

{% macro local_date(moment, team_id='team_id') -%}
    cast({{ local_time(moment, team_id) }} as date)
{%- endmacro %}

{% macro month_of(day) -%}
    cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}

{#- A month is over on the first day of the next: on its last day something may still come. -#}
{% macro is_month_over(month, as_of='as_of_date') -%}
    last_day({{ month }}) < {{ as_of }}
{%- endmacro %}

{#- The last day of the last half of a month (1 to 15, 16 to its end) that is over at its end. -#}
{% macro half_month_end(day) -%}
    case
        when {{ day }} = last_day({{ day }}) then {{ day }}
        when day({{ day }}) >= 15 then {{ month_of(day) }} + 14
        else {{ month_of(day) }} - 1
    end
{%- endmacro %}

{#- A payment complement is due on the fifth natural day of the next month (RMF 2.7.1.32). -#}
{% macro rep_due_date(day) -%}
    cast(date_trunc('month', {{ day }}) + interval 1 month as date) + 4
{%- endmacro %}

{#- Until the month of the annual return for the year of issue (CFF 29-A); known from 2025 on. -#}
{% macro cancel_deadline(issue_date, person_type) -%}
    case
        when year({{ issue_date }}) < 2025 then null
        when {{ person_type }} = 'moral' then make_date(year({{ issue_date }}) + 1, 3, 31)
        when {{ person_type }} = 'fisica' then make_date(year({{ issue_date }}) + 1, 4, 30)
    end
{%- endmacro %}

{% macro sat_month_code(day) -%}
    lpad(cast(month({{ day }}) as varchar), 2, '0')
{%- endmacro %}

{#- 13 is January and February, 18 November and December (c_Meses). -#}
{% macro sat_bimester_code(day) -%}
    cast(13 + (month({{ day }}) - 1) // 2 as varchar)
{%- endmacro %}

{#- Ageing as accountants do it, on days past due. -#}
{% macro aging_bucket(days) -%}
    case
        when {{ days }} is null then null
        when {{ days }} <= 0 then '0 Por vencer'
        when {{ days }} <= 30 then '1 1-30'
        when {{ days }} <= 60 then '2 31-60'
        when {{ days }} <= 90 then '3 61-90'
        when {{ days }} <= 120 then '4 91-120'
        else '5 >120'
    end
{%- endmacro %}

{#- Ageing as gigstack's own command line does it, on days since creation. -#}
{% macro aging_bucket_gigstack(days) -%}
    case
        when {{ days }} is null then null
        when {{ days }} <= 15 then '0-15'
        when {{ days }} <= 30 then '16-30'
        when {{ days }} <= 60 then '31-60'
        when {{ days }} <= 90 then '61-90'
        else '>90'
    end
{%- endmacro %}
