-- One row per CFDI that somebody asked to cancel, or that a valid one replaces while it stands, by
-- the as-of day. The state is told by the CFDI's own dates; a refusal counts from the day on which
-- it was last checked, or always where nobody says when.
with working_days as (
    select
        date_key,
        is_working_day,
        count(*) filter (where is_working_day) over (order by date_key) as day_number,
    from {{ ref('dim_date') }}
),

-- the first and the third working day after each day (CFF 12)
later as (
    select
        days.date_key,
        first_day.date_key as first_working_day,
        third_day.date_key as third_working_day,
    from working_days as days
    left join working_days as first_day
        on days.day_number + 1 = first_day.day_number and first_day.is_working_day
    left join working_days as third_day
        on days.day_number + 3 = third_day.day_number and third_day.is_working_day
),

asked as (
    select
        documents.*,
        case
            when documents.is_cancelled then 'cancelled'
            when documents.cancellation_requested_date is null then null
            when
                told.cancellation_status in ('rejected', 'not_cancellable')
                and coalesce(
                    {{ local_date('told.cancellation_checked_at', 'told.team_id') }}
                    <= documents.as_of_date,
                    true
                )
                then told.cancellation_status
            else 'requested'
        end as cancellation_state,
        {{ local_date('told.cancellation_checked_at', 'told.team_id') }}
            as cancellation_checked_date,
    from {{ ref('fct_cfdi') }} as documents
    inner join {{ ref('stg_invoices') }} as told
        on documents.team_id = told.team_id and documents.cfdi_id = told.invoice_id
    where
        documents.is_in_scope and documents.is_stamped
        and documents.issue_date <= documents.as_of_date
),

replaced as (
    select
        asked.*,
        coalesce(
            nullif(asked.replaced_by_cfdi_key, 'unknown'),
            if(named.is_valid, named.cfdi_key, null),
            chain.successor_cfdi_key
        ) as replacement_cfdi_key,
    from asked
    left join {{ ref('bridge_cfdi_reference') }} as names
        on asked.team_id = names.team_id and asked.replacement_uuid = names.reference
    left join {{ ref('fct_cfdi') }} as named on names.cfdi_key = named.cfdi_key
    left join {{ ref('bridge_cfdi_standing') }} as chain on asked.cfdi_key = chain.cfdi_key
    where asked.cancellation_state is not null or asked.is_replaced
)

select
    replaced.cfdi_key,
    replaced.client_key,
    coalesce(replaced.replacement_cfdi_key, 'unknown') as replacement_cfdi_key,
    replaced.current_cfdi_key,
    replaced.team_id,
    replaced.cfdi_id,
    coalesce(replaced.cancellation_state, 'none') as cancellation_state,
    replaced.cancellation_motive_code,
    case
        when
            coalesce(
                replaced.cancellation_requested_date <= issued.first_working_day, false
            )
            then if(replaced.cfdi_type_code = 'P', null, false)
        when replaced.cfdi_type_code = 'P' then true
        when replaced.cfdi_type_code in ('E', 'T') or replaced.is_generic_rfc then false
        else coalesce(replaced.total_mxn > 1000, true)
    end as acceptance_required,
    replaced.replacement_cfdi_key is not null as has_valid_replacement,
    replaced.is_replaced,
    true as is_in_scope,
    replaced.issue_date,
    replaced.cancellation_requested_date,
    requested.third_working_day as acceptance_due_date,
    replaced.cancellation_checked_date,
    replaced.cancelled_date,
    replaced.cancel_deadline_date,
    replaced.as_of_date,
from replaced
left join later as issued on replaced.issue_date = issued.date_key
left join later as requested on replaced.cancellation_requested_date = requested.date_key
