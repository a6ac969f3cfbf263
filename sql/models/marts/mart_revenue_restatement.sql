-- One row per team, month of issue, currency and later month (snapshot): the revenue of the month
-- as it stood on the fifth day after the end of the snapshot's month. The last snapshot is today's
-- view. A credit note lowers revenue in its own month: the notes issued later stand beside, as a
-- memo.
{% set later_reasons = [
    'cancelled_after', 'replaced_after', 'credit_note_after', 'late_stamped', 'later_note',
] %}
with documents as (
    select
        *,
        greatest(coalesce(stamped_date, issue_date), issue_date) as known_date,
        last_day(issue_month) + 5 as close_date,
    from {{ live('fct_cfdi') }}
    where cfdi_type_code in ('I', 'E') and is_stamped and issue_date <= as_of_date
),

-- what a CFDI does to the revenue of its month, and when; nothing when it came and went on one day
changes as (
    select
        team_id,
        issue_month,
        currency_code,
        known_date as change_date,
        if(known_date > close_date, 'late_stamped', 'in_time') as reason,
        signed_net_amount as change,
        signed_net_amount_mxn as change_mxn,
    from documents
    union all by name
    select
        team_id,
        issue_month,
        currency_code,
        greatest(cancelled_date, known_date) as change_date,
        case
            when greatest(cancelled_date, known_date) <= close_date then 'in_time'
            when cfdi_type_code = 'E' then 'credit_note_after'
            when replaced_by_cfdi_key <> 'unknown' then 'replaced_after'
            else 'cancelled_after'
        end as reason,
        -signed_net_amount as change,
        -signed_net_amount_mxn as change_mxn,
    from documents
    where is_cancelled
    union all by name
    select
        invoices.team_id,
        invoices.issue_month,
        invoices.currency_code,
        notes.credit_note_date as change_date,
        'later_note' as reason,
        -{{ share('invoices.net_amount', 'notes.allocated_amount', 'invoices.total') }} as change,
        -{{ share('invoices.net_amount_mxn', 'notes.allocated_amount', 'invoices.total') }}
            as change_mxn,
    from {{ live('fct_credit_note_invoice') }} as notes
    inner join documents as invoices on notes.cfdi_key = invoices.cfdi_key
    where
        notes.is_effective and invoices.is_valid
        and notes.credit_note_date > invoices.close_date
),

-- a change of the first five days of a month was still seen by the close of the month before
seen as (
    select
        team_id,
        issue_month,
        currency_code,
        greatest(issue_month, {{ month_of('(change_date - 5)') }}) as snapshot_month,
        {% for suffix in ['', '_mxn'] %}
            sum(change{{ suffix }}) filter (reason <> 'later_note') as revenue_change{{ suffix }},
            {% for reason in later_reasons %}
                sum(change{{ suffix }}) filter (reason = '{{ reason }}')
                    as {{ reason }}{{ suffix }},
            {% endfor %}
        {% endfor %}
        count(*) filter (reason not in ('in_time', 'later_note')) as changes_count,
    from changes
    group by all
),

months as (
    select distinct
        team_id,
        issue_month,
        currency_code,
    from documents
),

snapshots as (
    select
        months.team_id,
        months.issue_month,
        months.currency_code,
        teams.as_of_date,
        cast(unnest(generate_series(
            months.issue_month,
            greatest(months.issue_month, {{ month_of('(teams.as_of_date - 5)') }}),
            interval 1 month
        )) as date) as snapshot_month,
    from months
    inner join {{ ref('dim_team') }} as teams on months.team_id = teams.team_id
),

running as (
    select
        snapshots.team_id,
        snapshots.issue_month,
        snapshots.currency_code,
        snapshots.snapshot_month,
        least(last_day(snapshots.snapshot_month) + 5, snapshots.as_of_date) as snapshot_date,
        last_day(snapshots.issue_month) + 5 <= snapshots.as_of_date as is_closed,
        snapshots.snapshot_month = max(snapshots.snapshot_month) over (
            partition by snapshots.team_id, snapshots.issue_month, snapshots.currency_code
        ) as is_current_snapshot,
        sum(coalesce(seen.changes_count, 0)) over one_month as changes_count,
        {% for suffix in ['', '_mxn'] %}
            sum(coalesce(seen.revenue_change{{ suffix }}, 0)) over one_month as revenue{{ suffix }},
            first(coalesce(seen.revenue_change{{ suffix }}, 0)) over one_month
                as revenue_as_closed{{ suffix }},
            {% for reason in later_reasons %}
                sum(coalesce(seen.{{ reason }}{{ suffix }}, 0)) over one_month
                    as {{ reason }}{{ suffix }},
            {% endfor %}
        {% endfor %}
    from snapshots
    left join seen
        on
            snapshots.team_id = seen.team_id
            and snapshots.issue_month = seen.issue_month
            and snapshots.currency_code = seen.currency_code
            and snapshots.snapshot_month = seen.snapshot_month
    window
        one_month as (
            partition by snapshots.team_id, snapshots.issue_month, snapshots.currency_code
            order by snapshots.snapshot_month
        )
)

select
    team_id,
    currency_code,
    cast(changes_count as bigint) as changes_count,
    {% for suffix in ['', '_mxn'] %}
        if(is_closed, {{ money('revenue_as_closed' ~ suffix) }}, null)
            as revenue_as_closed{{ suffix }},
        {{ money('revenue' ~ suffix) }} as revenue_at_snapshot{{ suffix }},
        if(is_closed, {{ money('revenue' ~ suffix ~ ' - revenue_as_closed' ~ suffix) }}, null)
            as restatement{{ suffix }},
        {% for reason in later_reasons if reason != 'later_note' %}
            {{ money(reason ~ suffix) }} as {{ reason }}{{ suffix }},
        {% endfor %}
        {{ money('later_note' ~ suffix) }} as later_credit_notes{{ suffix }},
    {% endfor %}
    is_closed,
    is_current_snapshot,
    issue_month,
    snapshot_month,
    snapshot_date,
from running
